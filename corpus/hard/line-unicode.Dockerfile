# Characters of two to four bytes before the places that tools edit
FROM debian:bookworm-slim
LABEL größe="12 μ"
RUN echo "žluťoučký kůň 🐴" > /etc/kůň && make
RUN make install
