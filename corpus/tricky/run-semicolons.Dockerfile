# Lists with `;`: only the last status counts, so `false; true` passes and joining with && changes which failures stop the build
FROM debian:bookworm-slim
RUN false; true
RUN apt-get update; apt-get install -y less;
RUN grep -q x /etc/hostname; mkdir -p /srv/x
