# set -u of the first RUN would stop the second, which reads an unset variable
FROM debian:bookworm-slim
RUN set -u; echo "$HOME" > /home-of-root
RUN echo "$MAYBE" > /maybe
