# exit 0 in the first RUN would skip the second
FROM debian:bookworm-slim
RUN test -e /etc/nothing || exit 0
RUN apt-get update && apt-get install -y less
