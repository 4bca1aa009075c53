# upgrade and dist-upgrade are somebody's decision; they are not installs
FROM debian:bookworm-slim
RUN apt-get update && apt-get -y upgrade && apt-get dist-upgrade -y -o Dpkg::Options::="--force-confdef"
RUN apt-get install -y less
