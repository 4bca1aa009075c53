# The first CMD has several lines and is overridden later; half of it must not be left behind
FROM debian:bookworm-slim
CMD echo one \
# a comment in it
    two \
    three
ENTRYPOINT ["/bin/echo"]
CMD ["four"]
