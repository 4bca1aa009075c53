# A function defined in one RUN is gone in the next; in one shell it would shadow the command
FROM debian:bookworm-slim
RUN install() { apt-get install -y --no-install-recommends "$@"; } && apt-get update && install less
RUN install -d /srv/made
RUN ls() { echo fake; }; ls
RUN ls /srv > /etc/list
