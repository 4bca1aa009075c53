# The removal is of what the base brought, and a copy is made before it
FROM debian:bookworm-slim
RUN echo one > /etc/one
RUN cp -a /etc/apt /srv/apt-copy
RUN rm -rf /etc/apt/sources.list.d
