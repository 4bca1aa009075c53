# The same RUN twice is not a duplicate: the files changed in between
FROM debian:bookworm-slim
COPY a.txt /srv/
RUN cat /srv/* | wc -l >> /etc/count
COPY b.txt /srv/
RUN cat /srv/* | wc -l >> /etc/count
