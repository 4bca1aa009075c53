# The user between writes the file before its mode is taken away
FROM debian:bookworm-slim
COPY --chown=1000 key.pem /etc/key.pem
USER 1000
RUN make seal
USER root
RUN chmod 400 /etc/key.pem
