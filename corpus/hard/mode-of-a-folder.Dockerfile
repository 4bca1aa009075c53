# The mode is meant for the folder, not for its files
FROM debian:bookworm-slim
COPY conf/ /etc/app/
RUN chmod 750 /etc/app
