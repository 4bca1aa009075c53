# ADD with addresses: plain, in a variable, git in two spellings, with a checksum
FROM debian:bookworm-slim
ARG SRC=https://files.example.com/a.tar.gz
ADD ${SRC} /opt/
ADD https://files.example.com/b.zip /opt/b.zip
ADD git@git.example.com:group/repo.git#v1 /opt/repo
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://files.example.com/c /opt/c
