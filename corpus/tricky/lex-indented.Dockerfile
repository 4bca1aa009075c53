# Indented instructions and comments

   FROM debian:bookworm-slim
  # two blanks before this comment
    RUN apt-get update
      RUN apt-get install -y less
