# Joined with &&, the cd of the first RUN would move the second one
FROM debian:bookworm-slim
WORKDIR /srv
RUN mkdir /opt/a && cd /opt/a && touch here
RUN touch also-here
CMD ["ls", "/srv"]
