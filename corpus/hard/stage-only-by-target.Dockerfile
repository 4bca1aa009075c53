# dev and test are built with --target; nothing in the file names them
FROM debian:bookworm-slim AS base
RUN make deps
FROM base AS dev
RUN make watch
FROM base AS test
RUN make test
FROM base
RUN make
