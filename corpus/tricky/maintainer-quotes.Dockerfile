# MAINTAINER takes the rest of the line raw: quotes and dollar signs are no syntax here, but would be in a LABEL
FROM debian:bookworm-slim
MAINTAINER "Ada" O'Neil $HOME <ada@example.com> \o/
RUN apt-get update && apt-get install -y less
