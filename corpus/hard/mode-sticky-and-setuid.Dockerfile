# Sticky, set-uid and set-gid bits that are wanted
FROM debian:bookworm-slim
RUN install -d /srv/tmp /srv/shared && chmod 1777 /srv/tmp && chmod 2775 /srv/shared
COPY ping2 /usr/local/bin/ping2
RUN chmod u+s /usr/local/bin/ping2
