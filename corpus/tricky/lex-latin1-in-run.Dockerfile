# Latin-1 bytes in shell text: the parser takes them, the build refuses them; a tool keeps them byte for byte
FROM debian:bookworm-slim
RUN echo "naïve" > /etc/word
RUN apt-get update && apt-get install -y less
