# Shell form ENTRYPOINT ignores CMD; in JSON form it would suddenly get it. A child's ENTRYPOINT drops the parent's CMD
FROM debian:bookworm-slim AS base
ENTRYPOINT echo
CMD ["ignored"]
FROM base
ENTRYPOINT ["/bin/echo"]
