# Comments in a continuation that look like instructions and commands; only tree is installed
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y \
    # RUN apt-get install -y emacs
    # FROM alpine:3.23
    tree
