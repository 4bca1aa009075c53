# Builtins are no programs
FROM debian:bookworm-slim AS a
ENTRYPOINT ulimit -n 4096
FROM debian:bookworm-slim
CMD exec serve
