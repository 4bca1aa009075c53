# A legacy ENV over two lines: one value, with the blanks of the second line in it
FROM debian:bookworm-slim
ENV JAVA_OPTS -Xmx512m \
    -Xms256m
RUN apt-get update && apt-get install -y less
CMD echo $JAVA_OPTS
