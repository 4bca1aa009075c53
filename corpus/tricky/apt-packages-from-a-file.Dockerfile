# Package names read from a file of the context
FROM debian:bookworm-slim
COPY packages.txt /tmp/
RUN apt-get update && apt-get install -y $(cat /tmp/packages.txt)
RUN grep -v '^#' /tmp/packages.txt | xargs apt-get install -y
RUN apt-get install -y `sed 's/#.*//' /tmp/packages.txt` && rm /tmp/packages.txt
