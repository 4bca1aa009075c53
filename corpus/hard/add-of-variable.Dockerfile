# What stands in the variable is told at build time: an address, an archive, a name
FROM debian:bookworm-slim
ARG SOURCE=https://files.example.com/tool.tar.gz
ADD ${SOURCE} /opt/
ARG NAME
ADD dist/$NAME /opt/
