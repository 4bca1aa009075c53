# +x is no octal mode: builders ignore or refuse it
FROM debian:bookworm-slim
COPY entry.sh /entry.sh
RUN chmod +x /entry.sh
ENTRYPOINT ["/entry.sh"]
