"""Stages of PHP that are parted: both stand on one image, and only what builds stays behind; lies about that."""

from __future__ import annotations

import pytest

from tests.test_interpreted import Files, last_stage, lies, parted

FILES: Files = {
    "composer.json": '{"require": {"monolog/monolog": "3"}}',
    "composer.lock": '{"packages": [{"name": "monolog/monolog"}]}',
    "public/index.php": "<?php\n",
}
COMPOSER = "COPY --from=composer:2 /usr/bin/composer /usr/bin/composer\n"
APT = "RUN apt-get update && apt-get install -y --no-install-recommends"
BOOKWORM = "FROM php:8.3-apache-bookworm\n"
CODE = "COPY . .\nRUN composer install\n"

PARTED: dict[str, tuple[str, Files, str]] = {
    "headers of Alpine, with the variable of the image": (
        (
            "FROM php:8.3-fpm-alpine\nRUN curl -sS https://getcomposer.org/installer | php -- --install-dir=/usr/bin\n"
            "RUN apk add --no-cache icu-dev $PHPIZE_DEPS && docker-php-ext-install intl && pecl install apcu\n"
            f"RUN docker-php-ext-enable apcu\n{CODE}"
        ),
        {},
        (
            "FROM php:8.3-fpm-alpine\nRUN apk add --no-cache icu-libs libgcc libstdc++\n"
            "COPY --from=builder /usr/local/etc/php/conf.d /usr/local/etc/php/conf.d\n"
            "COPY --from=builder /usr/local/lib/php/extensions /usr/local/lib/php/extensions\n"
            "COPY --from=builder /var/www /var/www\n"
        ),
    ),
    "settings go along, and Apache is set up again": (
        (
            f"{BOOKWORM}{COMPOSER}{APT} git\nRUN a2enmod rewrite && a2dissite 000-default\n"
            'RUN mv "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini"\n'
            "COPY site.conf /etc/apache2/sites-available/site.conf\n"
            f"RUN sed -i s/80/8080/ /etc/apache2/sites-available/*.conf\n{CODE}"
        ),
        {"site.conf": ""},
        (
            f"{BOOKWORM}RUN a2enmod rewrite && a2dissite 000-default\n"
            "COPY --from=builder /usr/local/etc/php/php.ini /usr/local/etc/php/php.ini\n"
            "COPY --from=builder /etc/apache2/sites-available /etc/apache2/sites-available\n"
            "COPY --from=builder /var/www /var/www\n"
        ),
    ),
    "an image whose system is of no known release": (
        f"FROM php:8.3-cli\n{APT} git unzip\n{COMPOSER}WORKDIR /app\n{CODE}RUN chmod 777 /app\nCMD php -S 0.0.0.0:80\n",
        {},
        ("FROM php:8.3-cli\nWORKDIR /app\nCOPY --from=builder /app /app\nRUN chmod 777 /app\nCMD php -S 0.0.0.0:80\n"),
    ),
    "programs that sources call": (
        f"{BOOKWORM}{COMPOSER}{APT} git libzip-dev\nRUN docker-php-ext-install zip\n{CODE}",
        {"public/index.php": '<?php echo shell_exec("git log");\n'},
        (
            f"{BOOKWORM}{APT} git libzip4 && rm -rf /var/lib/apt/lists/*\n"
            "COPY --from=builder /usr/local/etc/php/conf.d /usr/local/etc/php/conf.d\n"
            "COPY --from=builder /usr/local/lib/php/extensions /usr/local/lib/php/extensions\n"
            "COPY --from=builder /var/www /var/www\n"
        ),
    ),
    "composer, where a script runs it": (
        f'FROM php:8.3-cli\n{COMPOSER}{APT} git\nWORKDIR /app\n{CODE}CMD ["sh", "start.sh"]\n',
        {"start.sh": "composer dump-autoload\nexec php -S 0.0.0.0:80\n"},
        (f'FROM php:8.3-cli\n{COMPOSER}WORKDIR /app\nCOPY --from=builder /app /app\nCMD ["sh", "start.sh"]\n'),
    ),
}


@pytest.mark.parametrize("name", PARTED)
def test_the_stage_that_is_run(name: str) -> None:
    text, files, expected = PARTED[name]
    result = parted(text, {**FILES, **files})
    assert last_stage(result) == expected
    assert not parted(result.after, {**FILES, **files}).changed


@pytest.mark.parametrize(
    ("text", "files", "why"),
    [
        (
            f"FROM php:8.3-apache\n{APT} libpng-dev\nRUN docker-php-ext-install gd\n{CODE}",
            {},
            "libraries of `libpng-dev`",
        ),
        (f"{BOOKWORM}{COMPOSER}{APT} unzip\n{CODE}", {}, "only `unzip` would stay behind"),
        (f"{BOOKWORM}{APT} git\nRUN curl https://x | bash -\n{CODE}", {}, "`bash -` may write anywhere"),
        (
            f"{BOOKWORM}{APT} git\nRUN git clone https://x /app\n{CODE}",
            {},
            "sources that are not seen, which may call `git`",
        ),
        (f"{BOOKWORM}{APT} git\nRUN composer global require x/y\n{CODE}", {}, "where `composer global"),
        (f"{BOOKWORM}{APT} git openssh-server\n{CODE}", {}, "`openssh-server` lets people in"),
        (f"{BOOKWORM}{APT} git cron\n{CODE}", {"crontab": "* * * * * git gc\n"}, "`crontab` names it"),
        (f"{BOOKWORM}{APT} make\n{CODE}", {"a.php": '<?php exec("make x");\n'}, "`make` is needed when it runs"),
        (
            f"{BOOKWORM}{APT} git\n{CODE}",
            {"composer.lock": '{"packages": [{"name": "laravel/envoy"}]}'},
            "`laravel/envoy`",
        ),
        (f"{BOOKWORM}{APT} git\nRUN rm /etc/apache2/conf-enabled/x.conf\n{CODE}", {}, "is deleted, and would be there"),
        (
            f"{BOOKWORM}{APT} git\nRUN curl https://getcomposer.org/installer | php\n{CODE}",
            {"a.php": '<?php exec("composer x");\n'},
            "`composer` may be needed when it runs",
        ),
        (
            f"{BOOKWORM}{APT} git\nRUN if true; then a2enmod rewrite; fi\n{CODE}",
            {},
            "`a2enmod` stands in a larger step",
        ),
        (
            f"FROM php:8.3-cli\n{APT} git\nRUN mkdir /a; chmod 700 /app | cat\nWORKDIR /app\n{CODE}",
            {},
            "`chmod` stands in",
        ),
    ],
)
def test_a_refusal_names_the_fact_that_is_missing(text: str, files: Files, why: str) -> None:
    result = parted(text, {**FILES, **files})
    assert not result.changed
    assert result.refusals == ()
    assert any(why in one.why for one in result.stood_back), result.stood_back


@pytest.mark.parametrize(
    "text",
    [
        f"{BOOKWORM}{COMPOSER}{CODE}",
        f"{BOOKWORM}{APT} git && composer install && apt-get purge -y git\n{CODE}",
        f"{BOOKWORM}{APT} $DEPS && composer install && apt-get purge -y $DEPS\n{CODE}",
        (
            "FROM php:8.3-fpm-alpine\nRUN apk add --virtual .deps icu-dev && docker-php-ext-install intl"
            f" && apk del .deps\n{CODE}"
        ),
    ],
)
def test_what_gains_nothing_is_passed_over_in_silence(text: str) -> None:
    result = parted(text, FILES)
    assert not result.changed
    assert result.stood_back == ()


LIED = (
    f"{BOOKWORM}{COMPOSER}COPY --from=krallin/tini /tini /tini\n{APT} git libpng-dev\nRUN docker-php-ext-install gd\n"
    f"RUN a2enmod rewrite\nRUN a2dissite 000-default\nWORKDIR /var/www/html\n{CODE}RUN chmod 755 /var/www/html\n"
)
TAKES = "COPY --from=builder"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "rewrite\nRUN a2dissite 000-default\nWORKDIR /var/www/html\nCOPY --from",
            "rewrite\nWORKDIR /var/www/html\nCOPY --from",
            "`a2dissite 000-default` would be left out",
        ),
        (f"{TAKES} /usr/local/lib/php/extensions /usr/local/lib/php/extensions\n", "", "where packages lie"),
        (f"{TAKES} /var/www /var/www\n", "", "would be left behind"),
        (f"bookworm\n{APT} libpng16-16", f"bookworm\n{APT} libpng-tools", "would run where it did not"),
        ("COPY --from=krallin/tini /tini /tini\nRUN a2", "RUN a2", "`--from=krallin/tini /tini /tini` would be left"),
        (f"built it\n{BOOKWORM}", "built it\nFROM php:8.3-cli-bookworm\n", "no variant"),
    ],
)
def test_a_lie_about_php_is_caught(old: str, new: str, why: str) -> None:
    result = lies(LIED, old, new, FILES)
    assert not result.changed
    assert any(why in one.why for one in result.refusals), result.refusals


def test_leaving_a_program_behind_that_sources_call_is_caught() -> None:
    files = {**FILES, "public/index.php": '<?php exec("composer show");\n'}
    true = parted(LIED, files).after
    assert f"\n{COMPOSER}" in true.partition("# holds")[2]
    result = lies(LIED, f"lists/*\n{COMPOSER}", "lists/*\n", files)
    assert any("`composer` would not be there" in one.why for one in result.refusals), result.refusals


def test_the_true_one_passes() -> None:
    result = lies(LIED, "# holds", "# holds", FILES)
    assert result.refusals == ()
    assert result.changed
