# Recommended packages are asked for on purpose, and the third line lives from one (ca-certificates comes with curl only as a recommendation)
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --install-recommends less
RUN apt-get install -y -o APT::Install-Recommends=1 tree
RUN apt-get install -y curl && test -e /etc/ssl/certs/ca-certificates.crt
