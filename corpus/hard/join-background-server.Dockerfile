# A server in the background for one test; `& &&` is no shell
FROM debian:bookworm-slim
RUN server --daemon & sleep 1; make check
RUN echo done
