# Two ENV lines that must not be joined: in one instruction B would see the old A
FROM debian:bookworm-slim
ENV A=1
ENV B=$A
ENV PATH=/opt/a/bin:$PATH
ENV PATH=/opt/b/bin:$PATH
RUN echo $A $B $PATH > /etc/seen
