# --repository and -X take an address, -p a folder; their values must not be sorted in among the packages
FROM alpine:3.23
RUN apk add --repository https://repo.example.com/edge/testing --no-cache git bash
RUN apk -X https://repo.example.com/main --update add curl
RUN apk add -p /rootfs --initdb --keys-dir /etc/apk/keys make
