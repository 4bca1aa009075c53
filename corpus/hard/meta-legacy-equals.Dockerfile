# Equal signs in legacy values
FROM debian:bookworm-slim
ENV A --x=y
ENV B =
ENV C k=v w
RUN make
