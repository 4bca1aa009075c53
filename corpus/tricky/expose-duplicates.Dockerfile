# The same port twice, with others on its line, in two stages, and from a variable
FROM debian:bookworm-slim AS a
ARG P="9000 9001"
EXPOSE 80 81 82/udp
EXPOSE 80
FROM debian:bookworm-slim
EXPOSE 80-82 $P
