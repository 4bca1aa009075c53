# The builder removes backslash-newline inside single quotes too, a shell would not
FROM debian:bookworm-slim
RUN awk 'BEGIN { \
  print "it works" \
}' && apt-get update && apt-get install -y less
