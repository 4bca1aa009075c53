# A misspelt instruction in the middle: the build fails, and a tool must say so and change nothing
FROM debian:bookworm-slim
RUN apt-get update
INSTALL less
RUN apt-get install -y less
