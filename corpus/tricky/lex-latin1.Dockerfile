# Latin-1 bytes (café) in comments: not UTF-8, and kept byte for byte
FROM debian:bookworm-slim
# grüße
RUN apt-get update \
    # naïve
 && apt-get install -y less
