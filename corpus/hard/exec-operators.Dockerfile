# Operators and redirects are the shell's
FROM debian:bookworm-slim
CMD migrate && serve > /var/log/serve.log 2>&1
