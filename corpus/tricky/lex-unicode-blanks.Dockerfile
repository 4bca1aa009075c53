# A line separator (U+2028), U+0085 and a no-break space are no line ends and no word ends for the builder
FROM debian:bookworm-slim
RUN echo "a RUN bc d" > /etc/odd
RUN apt-get update && apt-get install -y less
