# No -y anywhere: works only as long as apt asks nothing (one package without new dependencies)
FROM debian:bookworm-slim
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install hello
RUN apt-get remove hello < /dev/null || true
