# Build tools purged in a later RUN: only joining all three RUNs would save their bytes
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y gcc libc6-dev
RUN echo 'int main(void){return 0;}' | gcc -x c -o /usr/local/bin/ok -
RUN apt-get purge -y --auto-remove gcc libc6-dev && rm -rf /var/lib/apt/lists/*
