# A later RUN installs again from the same lists; a clean-up in the first RUN would break it
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less
COPY a.txt /srv/
RUN apt-get install -y tree && rm -rf /var/lib/apt/lists/*
