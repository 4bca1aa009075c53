# Continuations in the middle of words: apt-get, install and the package name are all cut in two
FROM debian:bookworm-slim
RUN apt-\
get update && apt-get ins\
tall -y le\
ss
