# names: php:8.2-cli php:8-cli php:cli php:8.2-cli-bookworm
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends php8.2-cli ca-certificates curl xz-utils \
 && rm -rf /var/lib/apt/lists/* && ln -s /usr/bin/php8.2 /usr/local/bin/php \
 && mkdir -p /usr/local/etc/php/conf.d /usr/local/lib/php/extensions/no-debug-non-zts-20220829
ENV PHP_VERSION=8.2 PHP_INI_DIR=/usr/local/etc/php
ENV PHP_INI_SCAN_DIR=/etc/php/8.2/cli/conf.d:/usr/local/etc/php/conf.d
# An extension as Debian built it lies where the real script puts one that it compiles: its libraries are not brought.
COPY --chmod=755 <<"SCRIPT" /usr/local/bin/docker-php-ext-install
#!/bin/sh
set -e
folder=/usr/local/lib/php/extensions/no-debug-non-zts-20220829
apt-get -qq update
for name in "$@"; do
	work=$(mktemp -d)
	(cd "$work" && apt-get -qq download "php8.2-$name" && dpkg-deb -x ./*.deb .)
	cp "$work/usr/lib/php/20220829/$name.so" "$folder/"
	echo "extension=$folder/$name.so" > "/usr/local/etc/php/conf.d/docker-php-ext-$name.ini"
	rm -r "$work"
done
rm -rf /var/lib/apt/lists/*
php -m > /dev/null
SCRIPT
CMD ["php", "-a"]
