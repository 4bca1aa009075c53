# Several heredocs feeding one shell command line
FROM debian:bookworm-slim
RUN cat <<A - <<'B' > /etc/ab 3<<C
first $HOME
A
second $HOME
B
third
C
RUN apt-get update && apt-get install -y less
