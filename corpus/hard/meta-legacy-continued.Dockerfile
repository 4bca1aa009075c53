# A legacy ENV with a continuation and a comment line inside
FROM debian:bookworm-slim
ENV CLASSPATH /a.jar:\
# the driver
    /b.jar
ENV LAST 1
RUN make
