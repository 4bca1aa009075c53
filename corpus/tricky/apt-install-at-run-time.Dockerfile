# The container itself installs packages when it starts; the lists are wanted
FROM debian:bookworm-slim
RUN apt-get update
CMD ["sh", "-c", "apt-get install -y tree && tree /srv"]
