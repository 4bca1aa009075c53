# `yes` dies by the closed pipe; that is no failure here
FROM debian:bookworm-slim
RUN yes n | make config
RUN make things | head -n 1
