# There are no inline comments: these hash signs are part of the arguments (or of the shell text)
FROM debian:bookworm-slim
USER root # me
RUN apt-get update && apt-get install -y less # && rm -rf /var/lib/apt/lists/*
EXPOSE 80
