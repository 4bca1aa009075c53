# set +e for one command, then set -e again
FROM debian:bookworm-slim
RUN set -eu; \
    set +e; make lint; set -e; \
    make test; \
    make install
