# Every RUN updates for itself; one is on its own, one is the last command
FROM debian:bookworm-slim
RUN apt-get update
RUN apt-get update && apt-get install -y less
RUN apt-get install -y tree; apt-get update
