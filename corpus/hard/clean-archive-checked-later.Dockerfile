# Between download and removal a check reads the archive
FROM debian:bookworm-slim
RUN curl -fsSLo /tmp/tool.tgz https://files.example.com/tool.tgz
RUN echo "abc  /tmp/tool.tgz" | sha256sum -c -
RUN tar -C /opt -xzf /tmp/tool.tgz
RUN rm /tmp/tool.tgz
