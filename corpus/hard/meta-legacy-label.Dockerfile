# Legacy LABEL with quotes that stay and an equal sign
FROM debian:bookworm-slim
LABEL description a \"quoted\" text
LABEL note x=y
RUN make
