"""Real applications built before and after, started and asked.

`python -m tests.e2e.real FOLDER [REPOSITORY ...] [--write]`

FOLDER holds their work trees, named OWNER+NAME; `real.toml` says what is built and asked. Images of other versions than
the factory makes are stood in for by those that it does: the name of a version is theirs, what is in it Debian's.
Ends with 1 if an application does not build, or answers otherwise than before.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from msgspec import Struct

from optimizer import optimize
from optimizer.engine import Result
from optimizer.facts.bases import image_of
from optimizer.facts.context.finder import Finder
from optimizer.prove.builders import Builder, BuildOptions, Order, find_builder
from optimizer.prove.errors import ProofError
from optimizer.prove.ignoring import with_patterns
from optimizer.prove.report import megabytes
from optimizer.prove.touch import copy_context, touch

from .corpus import bases_in
from .factory import daemon, recipes
from .factory.__main__ import alone
from .factory.place import FactoryError, find_place
from .table import machine, rows_of

LIST = Path(__file__).parent / "real.toml"
PAGE = Path(__file__).parent / "REAL.md"
PREFIX = "dockopt-real-"
PATIENCE = 60.0
"""Seconds in which a program must answer."""
HEAD = """\
| application | image before | after | | build before | after | rebuild before | after | answers |
|---|---:|---:|---:|---:|---:|---:|---:|---|
"""
LEGEND = """
Built as they are in their repositories and as `dockopt fix --unsafe` leaves them, on stand-ins of Debian's packages:
the image of a version that is not made here is that of the one which is. *Image*: bytes of all layers. *Build*: seconds
without a cache; *rebuild*: with a warm one, after the source in brackets has changed. *Answers*: the program is started
and asked over HTTP, status and body; one that listens to nothing is run, and what it prints is compared.
"""


class Application(Struct, frozen=True):
    """One row of `real.toml`."""

    repository: str
    commit: str
    dockerfile: str
    context: str
    touch: str
    port: int | None = None
    paths: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As the table has it: with the source that is changed."""
        return f"{self.repository} (`{self.touch}`)"

    def optimized(self, folder: Path) -> Result:
        """What dockopt makes of it in its context."""
        top = folder / self.repository.replace("/", "+")
        path = top / self.dockerfile
        data = path.read_bytes()
        return optimize(data, unsafe=True, context=Finder(top / self.context).supply(path, top, data))


class Measured(Struct, frozen=True):
    """One variant. `size` in bytes, the others in seconds; `answers`: of each request, or what was printed."""

    size: int
    build: float
    rebuild: float
    answers: tuple[str, ...]


def read_applications(path: Path = LIST) -> list[Application]:
    """All rows."""
    rows = tomllib.loads(path.read_text())["application"]
    return [Application(**{**row, "paths": tuple(row.get("paths", ()))}) for row in rows]


def measured(application: Application, text: str, ignores: Sequence[str], folder: Path, builder: Builder) -> Measured:
    """Build one variant, ask it, change a source, build it again. Raises ProofError."""
    here = BuildOptions.from_environment()
    options = BuildOptions(timeout=900, network=here.network, drop_syntax=here.drop_syntax)
    source = folder / application.repository.replace("/", "+") / application.context
    with TemporaryDirectory() as name:
        scratch = Path(name)
        context = copy_context(source, scratch)
        ignore = with_patterns(None, context, ignores)
        order = Order(text, context, f"{PREFIX}{_slug(application)}:x", scratch, ignore, no_cache=True)
        built = builder.build(order, options, _ignored)
        answers = asked(application, built.image, builder)
        size = _size(built.image)
        touch(context, application.touch)
        warm = builder.build(Order(text, context, order.tag, scratch, ignore), options, _ignored)
        if warm.image != built.image:  # It has lost its name to the other.
            subprocess.run(["docker", "image", "rm", built.image], capture_output=True, check=False)
        return Measured(size, built.seconds, warm.seconds, answers)


def asked(application: Application, image: str, builder: Builder) -> tuple[str, ...]:
    """What the program of an image answers. Raises ProofError where it does not."""
    name = f"{PREFIX}{_slug(application)}"
    if application.port is None:
        ran = builder.run(image, [], name=name, timeout=PATIENCE, network="none")
        return (f"{ran.status}: {ran.output.strip()}",)
    _await_free(application.port)
    try:
        builder.start(image, name=name, port=application.port, network="host")
        return tuple(_answer(builder, name, application.port, path) for path in application.paths)
    finally:
        builder.stop(name)


def _await_free(port: int) -> None:
    """Wait until a program may listen on the port: connections of the one before keep it for a minute."""
    end = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < end:
        try:
            with socket.socket() as one:
                one.bind(("0.0.0.0", port))
                return
        except OSError:
            time.sleep(1)
    raise ProofError(f"something else listens on port {port}")


def _answer(builder: Builder, name: str, port: int, path: str) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return f"{answer.status}: {answer.read().decode('utf-8', 'replace')}"
        except HTTPError as problem:
            return f"{problem.code}: {problem.read().decode('utf-8', 'replace')}"
        except OSError:
            if builder.health(name) == "exited":
                raise ProofError(f"the program ended: {builder.stop(name).strip()[-300:]}") from None
            time.sleep(0.3)
    raise ProofError(f"it does not answer within {PATIENCE:.0f} s")


def _slug(application: Application) -> str:
    return "".join(char if char.isalnum() else "-" for char in application.repository.lower()).strip("-")


def _size(image: str) -> int:
    command = ["docker", "image", "inspect", "--format", "{{.Size}}", image]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _ignored(line: str) -> None:
    """What a build says as it goes."""


def recipe_for(image: str) -> str:
    """The name of a recipe that makes the image, or one of the same name and variant."""
    known = recipes.read_recipes()
    name, tag = image_of(image)
    for wanted in (image, name if not tag else image):
        if any(wanted in recipe.names for recipe in known.values()):
            return wanted
    for recipe in known.values():
        own, version = image_of(recipe.names[0])
        if own == name and ("slim" in version) == ("slim" in tag) and "alpine" not in tag:
            return recipe.names[0]
    raise FactoryError(f"no recipe stands in for `{image}`")


@contextmanager
def stood_in(images: Iterable[str]) -> Iterator[None]:
    """The images, those of other versions under their names, which they lose in the end."""
    place = find_place()
    pairs = {image: recipe_for(image) for image in images}
    with alone(place):
        for _ in recipes.make(place, pairs.values()):
            pass
    lent = [(theirs, own) for theirs, own in pairs.items() if theirs != own]
    for theirs, own in lent:
        subprocess.run(["docker", "tag", own, theirs], check=True)
    try:
        yield
    finally:
        for theirs, _ in lent:
            subprocess.run(["docker", "image", "rm", "--no-prune", theirs], capture_output=True, check=False)


def row(application: Application, folder: Path, builder: Builder) -> str:
    """One line of the table; a problem stands where the answers would."""
    result = application.optimized(folder)
    name = application.name
    if not any(step.transform == "multi-stage" for step in result.steps):
        return f"| {name} | | | | | | | | not converted |"
    try:
        with stood_in({*bases_in(result.before), *bases_in(result.after)}):
            before = measured(application, result.before, (), folder, builder)
            after = measured(application, result.after, result.ignores, folder, builder)
    except (ProofError, FactoryError) as problem:
        return f"| {name} | | | | | | | | {_cell(str(problem))} |"
    finally:
        builder.clean(PREFIX)
    sizes = f"{megabytes(before.size)} | {megabytes(after.size)} | {after.size / before.size - 1:.0%}"
    pairs = ((before.build, after.build), (before.rebuild, after.rebuild))
    times = " | ".join(f"{one:.1f} s" for pair in pairs for one in pair)
    statuses = ", ".join(answer.partition(":")[0] for answer in after.answers)
    same = before.answers == after.answers
    told = f"as before: {statuses}" if same else _cell(f"OTHERWISE: {before.answers} {after.answers}")
    return f"| {name} | {sizes} | {times} | {told} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")[:400]


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.e2e.real", description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("repositories", nargs="*", help="these only; written, they take the place of their rows")
    options.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    chosen = options.parse_args()
    place = find_place()
    with alone(place):
        daemon.fetch(place)
        daemon.start(place)
    os.environ.update(place.variables)
    builder = find_builder("docker")
    old = rows_of(PAGE.read_text()) if chosen.repositories and PAGE.exists() else {}
    found: dict[str, str] = {}
    for one in read_applications():
        if not chosen.repositories or one.repository in chosen.repositories:
            found[one.name] = row(one, chosen.folder, builder)
            print(found[one.name], flush=True)
    rows = [line for one in read_applications() if (line := found.get(one.name) or old.get(one.name))]
    good = sum("as before" in line for line in rows)
    told = f"{len(rows)} public applications, {good} answer as before. {datetime.now(UTC):%Y-%m-%d}, {machine()}."
    if chosen.write:
        PAGE.write_text(f"{told}\n\n{HEAD}" + "\n".join(rows) + "\n" + LEGEND)
    print(told)
    return 0 if all("as before" in line for line in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
