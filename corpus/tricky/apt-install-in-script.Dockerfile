# A script out of the context may install too: the lists are possibly read by it
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less
COPY setup.sh /tmp/setup.sh
RUN sh /tmp/setup.sh
