# One port twice, in lines that hold others
FROM debian:bookworm-slim
EXPOSE 80 443
EXPOSE 80/tcp 53/udp
EXPOSE 8080
