# Legacy ENV with several words, quotes, a hash sign, operators
FROM debian:bookworm-slim
ENV ONE a b  c
ENV TWO "it is"
ENV THREE #hash
ENV FOUR a;b&c
RUN make
