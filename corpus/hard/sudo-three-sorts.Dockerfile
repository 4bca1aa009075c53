# The package, the user, the environment, the word in a text
FROM debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends sudo curl ca-certificates && rm -rf /var/lib/apt/lists/*
RUN sudo -u nobody id > /who && sudo -E env > /env
RUN echo "use sudo make" > /hint
