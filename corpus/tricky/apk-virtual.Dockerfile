# -t and --virtual take a name, which is no package; apk del removes by that name
FROM alpine:3.23
RUN apk add --no-cache -t zdeps make gcc musl-dev && make --version || true
RUN apk add --virtual .build-deps gcc musl-dev && apk del .build-deps
RUN apk del zdeps
