# Plain assignments, source and exec at the end of a RUN
FROM debian:bookworm-slim
RUN V=12; echo $V > /etc/v
RUN . /etc/os-release && echo "$VERSION_CODENAME" > /etc/codename
RUN exec apt-get update
RUN echo "[$V][$VERSION_CODENAME]" > /etc/empty && apt-get install -y less
