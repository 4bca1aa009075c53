# The shell form of ENTRYPOINT does not take CMD; in exec form it would
FROM debian:bookworm-slim
ENTRYPOINT serve --all
CMD ["--verbose"]
