# The trap of the first RUN must fire at its end, not after the second
FROM debian:bookworm-slim
RUN trap 'rm -f /tmp/lock' EXIT; touch /tmp/lock; apt-get update
RUN test ! -e /tmp/lock && apt-get install -y less
