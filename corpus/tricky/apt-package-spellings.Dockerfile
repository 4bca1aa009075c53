# Versions, architectures, removals, globs, tasks and local files among the packages
FROM debian:bookworm-slim
COPY tool.deb /tmp/
RUN apt-get update && apt-get install -y "less=5*" tree:amd64 jq/bookworm nano- file+ 'libz?g' /tmp/tool.deb && rm /tmp/tool.deb
