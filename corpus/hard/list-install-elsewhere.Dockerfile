# `install` is a word of many programs
FROM debian:bookworm-slim
RUN make install && install -m 755 a /usr/local/bin/a && git lfs install && ./install apt-get
RUN grunt install-less && echo apt-get install less
