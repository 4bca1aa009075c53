"""Folders of Dockerfiles for the tests of the report: a tame one, and one whose names and contents want to do harm."""

from __future__ import annotations

import os
from pathlib import Path

NODE = """\
FROM node:20
WORKDIR /app
COPY . .
RUN npm ci
CMD npm start
"""
APT = """\
FROM debian:12
RUN apt-get update
RUN apt-get install -y curl
"""
CLEAN = "FROM scratch\nCOPY a /a\n"
STAGES = """\
FROM golang:1.24 AS build
COPY . .
RUN go build -o /app .
FROM scratch
COPY --from=build /app /app
"""

NAMES = (
    "<script>window.hacked=1</script>.Dockerfile",
    '"><img src=x onerror="window.hacked=1">/Dockerfile',
    "x</noscript></table><svg onload=window.hacked=1>/Dockerfile",
    "javascript:window.hacked=1.Dockerfile",
    "'-window.hacked=1-'.Dockerfile",
    "{{ 7 * 7 }}{% raw %}.Dockerfile",
    "\x1b[31mred\x07.Dockerfile",
    "a\nb\t.Dockerfile",
    "\u202egnp.Dockerfile",
    "\u2066zero\u200bwidth\u2069.Dockerfile",
    "&lt;b&gt;&amp;.Dockerfile",
    "--html.Dockerfile",
    "מבחן/قهوة.Dockerfile",
)
TEXT = """\
# </noscript></article></table><script>window.hacked=1</script> \u202e txt \x1b[2J \x00
FROM ev]il--><img/src=x/onerror=window.hacked=1> AS a-b_c.d
RUN apt-get update
RUN apt-get install -y 'x"><img src=x onerror=window.hacked=1>' # </td></tr></style><script>window.hacked=1</script>
ENV A </noscript><script>window.hacked=1</script>
MAINTAINER <a href="javascript:window.hacked=1">me</a> {{ 7 * 7 }} {% raw %}
FROM scratch
COPY --from=a-b_c.d /<script>window.hacked=1</script> /
RUN echo `a` ${b} &amp; &lt;script&gt; \xff\ufffe
"""


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Makes the files, with the folders that they lie in."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return folder


def tame(folder: Path) -> Path:
    """Two projects with contexts, files of every state, and more than one of most."""
    files: dict[str, str | bytes] = {
        "shop/Dockerfile": NODE,
        "shop/package.json": '{"dependencies": {"a": "1"}}',
        "shop/package-lock.json": "{}",
        "shop/src/a.js": "1",
        "shop/src/b.js": "1",
        "api/Dockerfile": STAGES,
        "api/main.go": "package main",
        "api/go.mod": "module a\n\ngo 1.24\n",
        "apt/Dockerfile": APT,
        "clean/Dockerfile": CLEAN,
        "clean/a": "a",
        "broken/Dockerfile": "FROM a\nIMPORT b\n",
        "template/Dockerfile": "FROM {{ base }}\n{% if x %}\nRUN a\n{% endif %}\n",
        "off/Dockerfile": APT,
        "off/dockopt.toml": 'select = ["no-such-thing"]\n',
        ".github/workflows/build.yml": "jobs:\n  a:\n    runs-on: x\n    steps:\n      - run: docker build .\n",
    }
    files |= {f"many/service-{number:02}/Dockerfile": APT for number in range(8)}
    return write(folder, files)


def hostile(folder: Path) -> Path:
    """Files whose names and contents try to get out of where they stand."""
    write(folder, dict.fromkeys(NAMES, TEXT))
    write(folder, {os.fsdecode(b"\xff\xfe.Dockerfile"): TEXT})
    write(folder, {"latin/Dockerfile": "# caf\xe9\nMAINTAINER Ren\xe9 <a@b>\nFROM a\n".encode("latin-1")})
    write(folder, {"broken/Dockerfile": '<img/src=x/onerror="window.hacked=1"> a\n'})
    return write(folder, {"<b>off/Dockerfile": APT, "<b>off/dockopt.toml": 'select = ["<img src=x onerror=a()>"]\n'})
