# A stage nobody uses, a chain of three, a stage named like an image, a stage used by number only
FROM debian:bookworm-slim AS unused
RUN apt-get update && apt-get install -y tree
FROM debian:bookworm-slim AS debian
RUN apt-get update
FROM debian AS deps
RUN apt-get install -y less
FROM deps AS final
COPY --from=1 /etc/debian_version /v
CMD ["less", "/v"]
