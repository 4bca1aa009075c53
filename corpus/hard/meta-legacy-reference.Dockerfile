# Legacy values that read variables
FROM debian:bookworm-slim
ENV HOME_DIR /srv/app
ENV FULL $HOME_DIR/bin:${PATH} tail
RUN make
