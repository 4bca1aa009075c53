# The archive is served as it is, besides being unpacked
FROM debian:bookworm-slim
WORKDIR /srv/www
RUN curl -fsSLo site.tgz https://files.example.com/site.tgz
RUN tar -xzf site.tgz
CMD ["serve", "/srv/www"]
