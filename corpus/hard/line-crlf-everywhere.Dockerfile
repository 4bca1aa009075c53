# CRLF with a comment in a continuation, a legacy ENV over two lines and a blank line in a list
FROM debian:bookworm-slim
ENV OPTS -a \
    -b
RUN apt-get update && apt-get install -y --no-install-recommends \
    # a reason
    less \

    jq
CMD ["serve"]
