# A new ENTRYPOINT in the child drops the CMD of the parent, so the child's own CMD counts
FROM debian:bookworm-slim AS base
CMD ["--parent"]
FROM base
ENTRYPOINT ["serve"]
