# sudo as a command, as a package and with a user: three different things
FROM debian:bookworm
RUN apt-get update && apt-get install -y sudo hello
RUN useradd -m dev && echo 'dev ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/dev
USER dev
RUN sudo apt-get install -y less && sudo -u nobody id > /tmp/who && sudo rm -rf /var/lib/apt/lists/*
