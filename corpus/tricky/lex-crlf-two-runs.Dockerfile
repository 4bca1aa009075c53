# CRLF, two RUNs that a tool wants to join: its new lines must end in CRLF too
FROM debian:bookworm-slim
RUN apt-get update
RUN apt-get install -y less
USER nobody
