# The ARG before FROM is none of the stage's until it is repeated
ARG TAG=trixie
FROM debian:${TAG}-slim
RUN echo "[$TAG]" > /etc/tag
ARG TAG
RUN make
