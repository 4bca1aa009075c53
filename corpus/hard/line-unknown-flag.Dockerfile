# Flags that only a later BuildKit knows, and one nobody knows
FROM debian:bookworm-slim
COPY --parents --exclude=*.md src/ /srv/
COPY --from-future=1 a /a
RUN --device=gpu0 make
