# Legacy ENV and LABEL: the value is the rest of the line with its inner blanks and equal signs; quotes are taken away, as in the other form
FROM debian:bookworm-slim
ENV GREETING hello   big  world
ENV QUOTED "x y" z
ENV JSON {"a": "b c"}
ENV OPTS = -O2
LABEL note a b=c
RUN echo "$GREETING" && apt-get update && apt-get install -y less
