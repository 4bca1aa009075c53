# chmod +x is no octal mode, chmod 700 of a folder is not meant for its files, -R and globs reach more than was copied
FROM debian:bookworm-slim
COPY start.sh /usr/local/bin/
RUN chmod +x /usr/local/bin/start.sh
COPY conf /etc/app
RUN chmod 700 /etc/app
COPY keys/ /etc/keys/
RUN chown -R root:nogroup /etc/keys && chmod -R u=rwX,go= /etc/keys
