# syntax=docker/dockerfile:1
# Flags that only ADD has
FROM debian:bookworm-slim
ADD --keep-git-dir=true https://git.example.com/repo.git#main /src
ADD --unpack=false app.tar /srv/app.tar
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://files.example.com/c /c
ADD git@git.example.com:group/repo.git /repo
