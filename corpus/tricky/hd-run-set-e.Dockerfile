# A heredoc RUN with set -e and comments; comments and blank lines of the body are part of the cache key
FROM debian:bookworm-slim
RUN <<EOT
set -eux
# the pager
apt-get update

apt-get install -y --no-install-recommends less
EOT
