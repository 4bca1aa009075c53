# The body of a file holds a Dockerfile, with lower case words, trailing blanks and things to fix: all of it is data
FROM debian:bookworm-slim
COPY <<EOF /opt/example.Dockerfile
from debian
run apt-get update  
run apt-get install curl
# TODO: clean
EOF
RUN apt-get update && apt-get install -y less
