# set -f would leave the star in the next RUN as it is
FROM debian:bookworm-slim
RUN set -f; echo * > /star
RUN cp /etc/*.conf /srv/
