# exec replaces the shell: nothing behind it in the same RUN would run
FROM debian:bookworm-slim
RUN make && exec make install
RUN ldconfig
