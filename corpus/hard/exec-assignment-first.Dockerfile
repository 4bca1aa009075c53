# An assignment before the command needs the shell
FROM debian:bookworm-slim
CMD PORT=80 serve
