# A trailing || true takes over everything joined in front of it
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less
RUN rm /etc/not-there || true
RUN false || echo fallback && echo always
