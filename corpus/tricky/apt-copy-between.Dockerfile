# Update and install are apart because a file must come between them
FROM debian:bookworm-slim
RUN apt-get update
COPY preferences /etc/apt/preferences.d/ours
RUN apt-get install -y less
