# Install, build, purge what was installed for it: the marks of apt must live in the image
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make
RUN make
RUN apt-mark auto gcc libc6-dev make && apt-get purge -y --auto-remove
