# Plain files and folders: here ADD and COPY do the same
FROM debian:bookworm-slim
ADD a.txt b.txt /srv/
ADD src/ /srv/src/
ADD --chown=1000:1000 conf.ini /etc/conf.ini
