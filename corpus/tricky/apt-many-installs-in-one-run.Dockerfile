# One RUN, one update, several installs, with something between them
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less && \
    mkdir -p /srv/x && apt-get install -y tree ; \
    apt-get install -y jq
