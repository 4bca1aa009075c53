# apt has commands that apt-get has not
FROM debian:bookworm
RUN apt-get update && apt list --upgradable && apt show less && apt search --names-only '^less$' > /etc/found
