# An ENV between two RUNs that the first must not see
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less
ENV LD_PRELOAD=
ENV TAR_OPTIONS=--no-same-owner
RUN tar --version > /etc/tar
