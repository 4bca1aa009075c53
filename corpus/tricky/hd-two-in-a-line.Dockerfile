# Two heredocs opened in one line: two bodies, two files, one instruction
FROM debian:bookworm-slim
COPY --chmod=755 <<ONE <<TWO /opt/
#!/bin/sh
echo one
ONE
#!/bin/sh
apt-get install -y two
TWO
RUN apt-get update && apt-get install -y less
