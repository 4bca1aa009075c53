# Package names in variables: a list cannot be sorted or completed, and quoting it would break it
FROM debian:bookworm-slim
ARG EXTRA="less tree"
ENV BUILD_DEPS gcc libc6-dev
RUN apt-get update && apt-get install -y $EXTRA ${BUILD_DEPS} && apt-get purge -y --auto-remove $BUILD_DEPS
