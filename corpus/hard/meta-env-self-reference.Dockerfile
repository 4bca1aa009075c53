# In one ENV all values see the state before it
FROM debian:bookworm-slim
ENV A=old
ENV A=new B=$A
ENV C=$A
RUN make
