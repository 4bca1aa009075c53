# apt-get clean alone, or only the archives removed: the lists are still there
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less && apt-get clean && rm -rf /var/cache/apt/archives
RUN apt-get update && apt-get install -y tree && apt-get autoclean && apt-get autoremove -y
