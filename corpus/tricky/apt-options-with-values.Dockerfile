# Options whose values look like packages: -t, -o, -c, --target-release
FROM debian:bookworm-slim
RUN apt-get update -o Acquire::Retries=3 \
 && apt-get -o Dpkg::Options::=--force-confold install -y -t bookworm tree \
 && apt-get install --yes --target-release=bookworm -o APT::Install-Recommends=false less
