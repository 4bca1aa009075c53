# Blank lines inside a continuation are skipped (with a warning): still one instruction
FROM debian:bookworm-slim
RUN apt-get update \

 && apt-get install -y \

      less

CMD ["less", "--version"]
