# RUN cd x && y is no WORKDIR: CMD and COPY keep the old folder
FROM debian:bookworm-slim
RUN mkdir -p server && cd server && touch ready
COPY a.txt .
CMD ["ls", "server"]
