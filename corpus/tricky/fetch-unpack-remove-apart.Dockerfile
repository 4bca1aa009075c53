# Download, unpack and removal in three RUNs; the name is used again in the last line
FROM buildpack-deps:bookworm-curl
RUN curl -fsSLO https://files.example.com/tool-1.0.tar.gz
RUN tar -xzf tool-1.0.tar.gz -C /opt
RUN rm tool-1.0.tar.gz
RUN test ! -e tool-1.0.tar.gz && ln -s /opt/tool-1.0 /opt/tool
