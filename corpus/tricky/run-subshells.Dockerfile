# Subshells keep their cd and umask to themselves; command groups do not
FROM debian:bookworm-slim
RUN (cd /opt && umask 077 && touch in-opt)
RUN { cd /srv; touch in-srv; }
RUN (apt-get update && apt-get install -y less) > /dev/null
RUN pwd > /etc/pwd
