# A continuation at the very end of the file: legal, nothing follows
FROM debian:bookworm-slim
RUN apt-get update && \
    apt-get install -y less \
