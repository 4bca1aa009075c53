# The index is kept for a child image that cannot update
FROM alpine:3.23 AS base
RUN apk update && apk add bash
FROM base
RUN apk add --no-network curl
