# A link is made in between: chown -h and chown do different things
FROM debian:bookworm-slim
COPY real /srv/real
RUN ln -s /srv/real /srv/link && chown -h 1000:1000 /srv/link && chown 1000:1000 /srv/link
