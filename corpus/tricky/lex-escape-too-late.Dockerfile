# An ordinary comment comes first, so the next line is a comment and not a directive: the backslash still continues
# escape=`
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y less
RUN echo `date`
