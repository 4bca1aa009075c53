# ONBUILD installs run in the child; the lists that this file's own update leaves may be what they read
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less
ONBUILD RUN apt-get install -y tree
ONBUILD COPY . /app
ONBUILD RUN cd /app && make
