# One stage, named in three letter cases and by a mount
FROM debian:bookworm-slim AS Builder
RUN make
FROM debian:bookworm-slim
COPY --from=Builder /out/a /a
COPY --from=builder /out/b /b
RUN --mount=type=bind,from=BUILDER,source=/out,target=/o cp /o/c /c
