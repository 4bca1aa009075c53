# An unquoted COPY heredoc is expanded by the builder: $X becomes 5, \$Y becomes $Y
FROM debian:bookworm-slim
ENV X=5
COPY <<EOF /etc/x
x=$X y=\$Y
EOF
RUN apt-get update && apt-get install -y less
