# Both results are copied out of folders that look like caches
FROM rust:1 AS rust
WORKDIR /src
COPY . .
RUN cargo build --release
FROM node:20 AS web
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
FROM debian:bookworm-slim
COPY --from=rust /src/target/release/tool /usr/local/bin/
COPY --from=web /app/node_modules /app/node_modules
