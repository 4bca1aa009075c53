# Continuations inside quotes: the leading blanks of the next line are part of the value
FROM debian:bookworm-slim
ENV LIST="a \
  b \
  c"
RUN apt-get update && apt-get install -y less && echo "x\
  y" > /etc/xy
