# A CMD over several lines with a comment inside, dead by the last line
FROM debian:bookworm-slim
CMD serve \
    # the reason for the first
    --some
CMD serve --all
