# The lists are read on purpose after the install
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y less
RUN apt-cache policy less > /etc/policy && apt list --installed > /etc/installed && apt search --names-only '^tree$'
RUN ls /var/lib/apt/lists | wc -l > /etc/lists
