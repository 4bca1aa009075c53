# A line that starts with # inside a quoted string is dropped by the builder too, not written to the file
FROM debian:bookworm-slim
RUN printf "one\n\
# two\n\
three\n" > /etc/lines && apt-get update && apt-get install -y less
