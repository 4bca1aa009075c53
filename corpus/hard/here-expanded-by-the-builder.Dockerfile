# syntax=docker/dockerfile:1
# The builder fills in $NAME and leaves \$HOME alone
FROM debian:bookworm-slim
ENV NAME=demo
COPY <<EOF /etc/name
name=$NAME home=\$HOME
EOF
