# A tar that may fail, a removal that may fail, and an archive that is kept on purpose
FROM buildpack-deps:bookworm-curl
WORKDIR /opt
RUN wget -q https://files.example.com/a.tgz || true
RUN tar xf a.tgz || true
RUN curl -k -o b.tgz https://files.example.com/b.tgz && tar -x -k -f b.tgz && sort -k 2 list
CMD ["sha256sum", "b.tgz"]
