# The answer comes through a pipe, or from a file
FROM debian:bookworm-slim
RUN apt-get update && yes | apt-get install less
RUN echo y | apt-get install tree
RUN yes "" | apt-get install jq 2>&1 | tail -n 1
