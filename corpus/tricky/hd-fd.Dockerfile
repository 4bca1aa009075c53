# Heredocs on other file descriptors
FROM debian:bookworm-slim
RUN 3<<EOF
apt-get update && apt-get install -y less
EOF
RUN cat 4<<EOF <&4 > /etc/four
four
EOF
