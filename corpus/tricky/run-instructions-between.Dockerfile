# ARG, USER and WORKDIR stand between RUNs that look joinable
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less
ARG WHO=nobody
RUN echo $WHO > /etc/who
USER nobody
RUN id -un > /tmp/id
WORKDIR /tmp
RUN pwd > here
