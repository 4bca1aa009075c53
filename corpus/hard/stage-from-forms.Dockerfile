# syntax=docker/dockerfile:1
# A platform, a stage as base, scratch, a digest and an old version
FROM --platform=$BUILDPLATFORM golang:1.23 AS build
RUN make
FROM build AS test
RUN make test
FROM scratch AS out
COPY --from=build /out /
FROM ubuntu:14.04
COPY --from=out / /
