# A version, a removal, an architecture, a file, a task: not only names
FROM debian:bookworm-slim
COPY local.deb .
RUN apt-get update && apt-get install -y --no-install-recommends curl=7.* exim4- libc6:i386 ./local.deb tasksel+
