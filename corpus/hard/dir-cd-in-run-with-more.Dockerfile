# cd at the head of a RUN looks like WORKDIR; what follows stands elsewhere
FROM debian:bookworm-slim
RUN cd /src && make
COPY b.txt ./
RUN cd /src && make install
COPY b.txt b.txt
CMD ["ls"]
