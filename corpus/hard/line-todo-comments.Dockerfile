# Comments with the words that tools like to delete
# TODO: pin the version
FROM debian:bookworm-slim
# FIXME remove after the move
RUN make one && \
    # XXX slow
    make two
