# CRLF line ends everywhere, also behind the escape character and inside a continuation
FROM debian:bookworm-slim
ENV A b c
RUN apt-get update \
    # a comment
 && apt-get install -y \
    less \

 && rm -rf /var/lib/apt/lists/*
CMD ["less", "--version"]
