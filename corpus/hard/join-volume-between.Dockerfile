# What is written to /data behind VOLUME is lost in the classic builder: a RUN may not cross that line
FROM debian:bookworm-slim
RUN mkdir /data && touch /data/kept
VOLUME /data
RUN touch /data/lost
