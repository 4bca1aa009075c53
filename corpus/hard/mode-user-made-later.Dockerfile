# The owner is made behind the COPY
FROM debian:bookworm-slim
COPY app /app
RUN useradd -r app
RUN chown -R app:app /app
