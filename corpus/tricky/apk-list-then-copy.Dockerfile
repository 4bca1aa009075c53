# A list over many lines between two other instructions: what changes above must not shift the edit below
FROM alpine:3.23
MAINTAINER Ann
RUN apk add --no-cache \
        make \
        \
        bash
COPY a.txt /srv/
RUN apk add curl
