# Folders that a RUN makes are results, not rubbish: nothing to remove at its end
FROM debian:bookworm-slim
RUN mkdir -p /usr/src/app && cp /etc/debian_version /usr/src/app/
RUN d=$(mktemp -d) && echo 1 > "$d/one" && ln -s "$d" /srv/work
WORKDIR /usr/src/app
