# names: buildpack-deps:bookworm-curl buildpack-deps:curl
# context: certificates
FROM debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl gnupg netbase sq wget \
 && rm -rf /var/lib/apt/lists/*
COPY extra.crt /usr/local/share/ca-certificates/e2e-extra.crt
RUN update-ca-certificates
