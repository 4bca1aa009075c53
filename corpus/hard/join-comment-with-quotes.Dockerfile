# A trailing comment with an apostrophe
FROM debian:bookworm-slim
RUN make install # don't strip
RUN ldconfig
