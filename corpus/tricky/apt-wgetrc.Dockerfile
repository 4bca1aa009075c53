# Files of a package must not exist before its install: dpkg would ask about the changed configuration file
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y wget
RUN echo 'timeout = 10' >> /etc/wgetrc
