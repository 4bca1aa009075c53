# The blanks at the start of the second line are inside the quotes
FROM debian:bookworm-slim
RUN printf '%s\n' "a \
   b" > /etc/ab
RUN make
