# More commands on the opening line
FROM debian:bookworm-slim
RUN cat <<EOF > /etc/pkgs && apt-get update && xargs apt-get install -y < /etc/pkgs
less
tree
EOF
RUN cat <<EOF | sh -e
apt-get update
apt-get install -y jq
EOF
