"""Both images run: a command ends with the same status, the program answers, or the health check is content."""

import shlex
import time
from urllib.parse import urlsplit

from msgspec import Struct

from .builders import Builder
from .workshop import Workshop

POLL = 0.5
"""Seconds between two looks at a program that starts."""


class SmokeTest(Struct, frozen=True):
    """What to try. Without a command and a URL, it is the image's HEALTHCHECK, if it has one."""

    command: str | None = None
    probe: str | None = None
    timeout: float = 60


class Smoke(Struct, frozen=True):
    """How both images did: `exit status 0`, `answers with 200`, `healthy`, ...; `outputs` are what they printed."""

    what: str
    before: str
    after: str
    outputs: tuple[str, str]

    @property
    def same(self) -> bool:
        return self.before == self.after


def smoke_test(
    builder: Builder, shop: Workshop, images: tuple[str, str], test: SmokeTest, healthcheck: bool, network: str | None
) -> Smoke | None:
    """Try both images one after the other; None where there is nothing to try."""
    if test.command is not None:
        words = shlex.split(test.command)
        return _both(
            f"run `{test.command}`", [_run(builder, shop, image, words, test.timeout, network) for image in images]
        )
    if test.probe is None and not healthcheck:
        return None
    what = f"probe {test.probe}" if test.probe else "HEALTHCHECK"
    return _both(what, [_start(builder, shop, image, test, network) for image in images])


def _both(what: str, results: list[tuple[str, str]]) -> Smoke:
    (before, said), (after, says) = results
    return Smoke(what, before, after, (said, says))


def _run(
    builder: Builder, shop: Workshop, image: str, words: list[str], timeout: float, network: str | None
) -> tuple[str, str]:
    ran = builder.run(image, words, name=shop.container(), timeout=timeout, network=network)
    return (f"not done within {timeout:.0f} s" if ran.status is None else f"exit status {ran.status}"), ran.output


def _start(builder: Builder, shop: Workshop, image: str, test: SmokeTest, network: str | None) -> tuple[str, str]:
    name = shop.container()
    port = urlsplit(test.probe).port or 80 if test.probe else None
    try:
        builder.start(image, name=name, port=port, network=network)
        result = _await(builder, name, test)
    finally:
        output = builder.stop(name)
    return result, output


def _await(builder: Builder, name: str, test: SmokeTest) -> str:
    deadline = time.monotonic() + test.timeout
    while time.monotonic() < deadline:
        health = builder.health(name)
        if health == "exited":
            return "the program ended"
        found = _answer(test.probe) if test.probe else health
        if found and found != "starting":
            return found
        time.sleep(POLL)
    return f"no answer within {test.timeout:.0f} s"


def _answer(url: str) -> str | None:
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, build_opener

    try:
        with build_opener(ProxyHandler({})).open(url, timeout=5) as answer:
            return f"answers with {answer.status}"
    except HTTPError as problem:
        return f"answers with {problem.code}"
    except OSError:
        return None
