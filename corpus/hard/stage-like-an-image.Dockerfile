# The stage `debian` hides the image of that name for all that follow
FROM debian:bookworm-slim AS debian
RUN make debian
FROM debian
RUN make on-it
COPY --from=busybox /bin/busybox /bin/busybox
