# A shell comment at the end swallows whatever is appended
FROM debian:bookworm-slim
RUN apt-get update # fresh lists
RUN apt-get install -y less # the pager
RUN rm -rf /var/lib/apt/lists/*
