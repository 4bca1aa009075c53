# The clean-up in a RUN of its own saves nothing where it is
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less
WORKDIR /srv
RUN apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/* /var/tmp/*
