# COPY --from: by name in another letter case, by number, from an image, with --link and --exclude
FROM debian:bookworm-slim AS Builder
RUN mkdir /out && echo 1 > /out/one
FROM busybox:1.35
COPY --from=builder /out/one /one
COPY --link --from=0 /out/ /out/
COPY --from=debian:bookworm-slim /etc/debian_version /v
RUN --mount=type=bind,from=Builder,source=/out,target=/o cp /o/one /two
