# A comment inside a continuation that ends in a backslash is still only one dropped line
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y \
      less \
# vim is too big \
      tree
CMD ["tree", "/etc/apt"]
