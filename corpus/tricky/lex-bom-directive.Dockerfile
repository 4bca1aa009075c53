# escape=`
# A byte order mark before a directive: the directive still counts
FROM debian:bookworm-slim
RUN apt-get update && `
    apt-get install -y less
