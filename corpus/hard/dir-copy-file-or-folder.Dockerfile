# Without a last slash a single source becomes that file, with one it goes into the folder
FROM debian:bookworm-slim
WORKDIR /srv
COPY app bin
COPY app bin2/
COPY . .
COPY a.txt b.txt ./
