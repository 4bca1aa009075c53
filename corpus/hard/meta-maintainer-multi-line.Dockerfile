# MAINTAINER over two lines with a comment between them
FROM debian:bookworm-slim
MAINTAINER Ada Lovelace, \
# her friend
    Charles Babbage
RUN make
