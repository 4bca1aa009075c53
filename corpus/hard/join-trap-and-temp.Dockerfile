# The trap removes the working folder at the end of its own RUN
FROM debian:bookworm-slim
RUN tmp=$(mktemp -d); trap 'rm -rf $tmp' EXIT; cd "$tmp" && make -f /src/Makefile
RUN make late
