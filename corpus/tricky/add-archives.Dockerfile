# ADD unpacks archives whatever their name, so none of these may become COPY
FROM debian:bookworm-slim
ADD app.tar.gz /opt/
ADD rootfs /
ADD ["data one.tar.xz", "/srv/data/"]
ADD *.tgz /opt/many/
