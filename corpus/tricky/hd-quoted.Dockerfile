# A quoted name: COPY writes $HOME and ${X} as they are; in RUN the quotes change nothing for the builder
FROM debian:bookworm-slim
ENV X=5
COPY <<'EOF' /etc/profile.d/x.sh
export P="$HOME/${X}"
EOF
RUN <<"EOF"
apt-get update
apt-get install -y less
EOF
