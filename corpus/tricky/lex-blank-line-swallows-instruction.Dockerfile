# The blank line does not end the first RUN: this is ONE instruction, `true && RUN apt-get update`, and it fails; no tool may cure or split it silently
FROM debian:bookworm-slim
RUN true && \

RUN apt-get update
