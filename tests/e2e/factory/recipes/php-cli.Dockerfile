# names: php:8.2-cli php:8-cli php:cli
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends php8.2-cli ca-certificates curl xz-utils \
 && rm -rf /var/lib/apt/lists/* && ln -s /usr/bin/php8.2 /usr/local/bin/php
ENV PHP_VERSION=8.2 PHP_INI_DIR=/usr/local/etc/php
CMD ["php", "-a"]
