# The pipe's last command decides, and the file shows `||` in text
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends less | tee /var/log/install.log
RUN echo "a || b && c" > /etc/ops
