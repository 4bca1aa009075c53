"""Two builds of the same file differ in what the table of noise knows, and in nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.prove.allowances import Allowance
from optimizer.prove.builders import Builder, BuildOptions
from optimizer.prove.proof import ProofOptions, prove

pytestmark = pytest.mark.e2e

FILES = {
    "apt": (
        "slim",
        "FROM debian:bookworm-slim\nRUN apt-get update"
        " && apt-get install -y --no-install-recommends curl dbus openssh-client"
        " && useradd -m me && echo me:secret | chpasswd && ldconfig\n",
    ),
    "pip": ("python-slim", "FROM python:3.11-slim\nRUN pip install flask\n"),
    "npm": ("node-slim", "FROM node:20-slim\nWORKDIR /app\nRUN npm init -y && npm install express\n"),
    "apk": ("alpine", "FROM alpine:3.23\nRUN apk add curl git && apk add --virtual .build gcc && apk del .build\n"),
    "files": (
        "busybox",
        "FROM busybox\nCOPY . /app\nRUN adduser -D me && chown -R me /app && ln -s a /b && mkfifo /p\nUSER me\n",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_two_builds_of_one_file_are_the_same_image(
    name: str, need: Callable[..., None], builder: Builder, context: Path
) -> None:
    base, text = FILES[name]
    need(base)
    options = ProofOptions(BuildOptions.from_environment(), rebuild=False)
    proof = prove(text, text, [("nothing", text)], context, builder, {"nothing": Allowance()}, options)
    assert not [str(problem) for problem in proof.verdict.problems]
