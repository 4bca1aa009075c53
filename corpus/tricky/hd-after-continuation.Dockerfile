# The opening line is itself continued, with a comment between; bodies begin after the last continued line
FROM debian:bookworm-slim
RUN cat <<EOF \
# comment of the opening line
  > /etc/out
# line of the body
text
EOF
RUN apt-get update && apt-get install -y less
