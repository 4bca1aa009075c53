# The script runs between; it may look at its own mode and make files beside itself
FROM debian:bookworm-slim
COPY setup.sh /setup.sh
RUN sh /setup.sh && chmod 600 /setup.sh
