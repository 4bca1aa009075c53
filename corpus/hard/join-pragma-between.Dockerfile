# A switch and a reason stand between RUNs that look joinable
FROM debian:bookworm-slim
RUN make one
# hadolint ignore=DL3059
RUN make two
# kept apart for the cache: ticket 12
RUN make three
