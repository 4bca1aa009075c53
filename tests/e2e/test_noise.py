"""Two builds of the same file differ in what the table of noise knows, and in nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.prove.allowances import Allowance
from optimizer.prove.builders import Builder, BuildOptions
from optimizer.prove.proof import ProofOptions, Rewrite, prove

pytestmark = pytest.mark.e2e

FILES = {
    "slim": """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl dbus openssh-client
RUN useradd -m me && echo me:secret | chpasswd && ldconfig
""",
    "python-slim": "FROM python:3.11-slim\nRUN pip install flask\n",
    "node-slim": "FROM node:20-slim\nWORKDIR /app\nRUN npm init -y && npm install express\n",
    "alpine": "FROM alpine:3.23\nRUN apk add curl git && apk add --virtual .build gcc && apk del .build\n",
    "busybox": """\
FROM busybox
COPY . /app
RUN echo me:x:7:7::/:/bin/sh >> /etc/passwd && chown -R me /app && ln -s a /b && mkfifo /p
USER me
""",
}
"""By the recipe of the base."""


@pytest.mark.parametrize("base", FILES)
def test_two_builds_of_one_file_are_the_same_image(
    base: str, need: Callable[..., None], builder: Builder, context: Path
) -> None:
    text = FILES[base]
    need(base)
    options = ProofOptions(BuildOptions.from_environment(), rebuild=False)
    proof = prove(text, [Rewrite("nothing", text)], context, builder, {"nothing": Allowance()}, options)
    assert not [str(problem) for problem in proof.verdict.problems]
