# syntax=docker/dockerfile:1-labs
# Each RUN has flags of its own: no network, more rights, a secret
FROM debian:bookworm-slim
RUN --network=none make offline-test
RUN make
RUN --security=insecure mount-things
RUN --mount=type=secret,id=token fetch-private
