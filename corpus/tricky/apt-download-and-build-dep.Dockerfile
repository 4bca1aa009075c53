# apt-get download, build-dep, source and -d: no installs to which options could be added blindly
FROM debian:bookworm-slim
RUN apt-get update && cd /tmp && apt-get download hello && apt-get install -y -d tree
RUN apt-get install -y --reinstall --no-install-recommends tzdata && apt-get -s install -y less
RUN dpkg -i /tmp/hello_*.deb || apt-get install -y -f
