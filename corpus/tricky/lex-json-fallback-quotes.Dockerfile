# Single quotes are no JSON: all three are shell form, and `[` is a command
FROM debian:bookworm-slim
RUN ['apt-get', 'update']
RUN [ -d /var/lib/apt/lists ] && apt-get update && apt-get install -y less
CMD ['less', '/etc/passwd']
