# The owner does not exist before its RUN, and root's entry script must not become the user's
FROM debian:bookworm-slim
COPY start.sh /usr/local/bin/start.sh
COPY app /app
RUN useradd -r app && chown -R app /app
USER app
COPY later.txt /app/later.txt
ENTRYPOINT ["start.sh"]
