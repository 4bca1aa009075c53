# A new architecture needs its own update
FROM debian:bookworm-slim
RUN apt-get update
RUN dpkg --add-architecture i386 && apt-get update && apt-get install -y libc6:i386
