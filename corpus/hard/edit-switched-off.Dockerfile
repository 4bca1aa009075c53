# Each place is switched off by a comment above it
FROM debian:bookworm-slim
# dockopt: ignore
RUN apt-get update && apt-get install -y less
# hadolint ignore=DL3059,DL3008,DL3009,DL3015
RUN apt-get update && apt-get install -y tree
