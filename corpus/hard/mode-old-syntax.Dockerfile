# syntax=docker/dockerfile:1.0
# This frontend knows neither --chmod nor mounts
FROM debian:bookworm-slim
COPY start /start
RUN chmod 755 /start
RUN pip install six
