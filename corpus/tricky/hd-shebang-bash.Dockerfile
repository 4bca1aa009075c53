# A bash body by its first line; it may use what sh lacks
FROM debian:bookworm-slim
RUN <<EOF
#!/bin/bash
set -euo pipefail
packages=(less tree)
apt-get update | tail -n1
apt-get install -y "${packages[@]}"
EOF
