# apk update in a RUN of its own; add without --no-cache; the index removed later
FROM alpine:3.23
RUN apk update
RUN apk add curl git
RUN apk upgrade && apk add --update bash && rm -rf /var/cache/apk/*
