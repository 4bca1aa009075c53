# --no-cache in both places, and a cache mount with which it would be wrong
FROM alpine:3.23
RUN apk --no-cache add curl
RUN apk add --no-cache 'bash>5' "git=~2"
RUN --mount=type=cache,target=/etc/apk/cache apk add make
