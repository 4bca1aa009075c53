# shopt of one RUN, under a SHELL of the file's own
FROM debian:bookworm
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN shopt -s nullglob dotglob; echo /opt/*
RUN ls /srv/*
