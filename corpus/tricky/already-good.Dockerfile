# Nothing to do: must come back byte for byte
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends less \
    && rm -rf /var/lib/apt/lists/*
COPY --chmod=755 start.sh /usr/local/bin/start.sh
USER nobody
ENTRYPOINT ["start.sh"]
