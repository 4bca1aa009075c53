# The target folder is copied out by the next stage: a cache mount over it would hide it
FROM rust:1 AS build
WORKDIR /src
COPY . .
RUN cargo build --release
FROM debian:bookworm-slim
COPY --from=build /src/target/release/tool /usr/local/bin/tool
CMD ["tool"]
