# JSON form RUNs: no shell, so nothing can be appended with && and they cannot be joined with their neighbours
FROM debian:bookworm-slim
RUN ["apt-get", "update"]
RUN ["apt-get", "install", "-y", "less"]
RUN ["/bin/sh", "-c", "rm -rf /var/lib/apt/lists/*"]
