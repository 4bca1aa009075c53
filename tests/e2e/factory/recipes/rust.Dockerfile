# names: rust:1 rust:1.63 rust:1-bookworm rust:latest
FROM buildpack-deps:bookworm-scm
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH RUST_VERSION=1.63.0
RUN apt-get update && apt-get install -y --no-install-recommends rustc cargo gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /usr/local/cargo/bin && ln -s /usr/bin/rustc /usr/bin/cargo /usr/local/cargo/bin/ \
 && cargo --version
