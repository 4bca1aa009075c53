# The same key twice with a RUN between, another key on the first line
FROM debian:bookworm-slim
ENV MODE=debug KEEP=2
RUN make first
ENV MODE=release
RUN make second
