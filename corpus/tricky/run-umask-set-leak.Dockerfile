# umask, set -f and set -u would leak into what follows
FROM debian:bookworm-slim
RUN umask 077 && touch /etc/secret
RUN set -f -u && echo * > /etc/star
RUN echo /etc/*-release ${UNSET} > /etc/names
