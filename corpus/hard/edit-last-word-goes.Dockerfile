# An edit at the end of a list must not leave a continuation for the next instruction
FROM debian:bookworm-slim AS installer
RUN make
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y \
        curl \
        jq
COPY --from=installer /opt /opt
