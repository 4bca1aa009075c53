# syntax=docker/dockerfile:1
# ESCAPE = \
# check=skip=JSONArgsRecommended
# Three directives, one upper case with blanks around the sign; they must stay the first three lines
FROM debian:bookworm-slim
RUN apt-get update
RUN apt-get install -y less
CMD less --version
