# umask 027 holds for the first RUN; the second makes files for everybody, with a mode that is wanted
FROM debian:bookworm-slim
RUN umask 027; tar -C /opt -xf /opt/a.tar
RUN touch /srv/open && chmod 1777 /var/scratch
