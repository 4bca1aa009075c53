# An exported variable would leak into the second RUN
FROM debian:bookworm-slim
RUN export LANG=C TZ=UTC && apt-get update
RUN export PATH=/opt/bin:$PATH; apt-get install -y less
RUN env | sort > /etc/env
