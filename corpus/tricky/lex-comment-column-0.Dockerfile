# Comment lines at column 0 inside a continuation: dropped by the builder, the instruction goes on behind them
FROM debian:bookworm-slim
RUN apt-get update \
# first the lists
&& apt-get install -y less \
# then nothing else
 && rm -rf /var/lib/apt/lists/*
USER nobody
