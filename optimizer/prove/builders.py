"""One small interface to the programs that build images, and the search for one that works here."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from msgspec import Struct, field

from .errors import BuilderMissing, ProofError
from .steps import Progress, Step

NAMES = ("docker", "podman", "buildah")
"""In the order in which they are tried."""

ADVICE = (
    "install Docker Engine with its buildx plugin, Podman, or Buildah"
    " (Debian and Ubuntu: `apt-get install podman`; Fedora: `dnf install podman`), or start the Docker daemon"
)

DIRECTIVE = re.compile(r"^\ufeff?[ \t]*#[ \t]*([A-Za-z]+)[ \t]*=")


class BuildOptions(Struct, frozen=True):
    """What the user passes through to the builder.

    `timeout` is seconds for one build. `network` is that of RUN steps and containers; None is the builder's own policy.
    """

    build_args: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    secrets: tuple[str, ...] = ()
    platform: str | None = None
    timeout: float = 1800
    network: str | None = None
    drop_syntax: bool = False

    @classmethod
    def from_environment(cls) -> "BuildOptions":
        """The defaults of this machine.

        `DOCKOPT_BUILD_NETWORK` names a network; `DOCKOPT_DROP_SYNTAX=1` builds without the `# syntax=` line, for a
        machine that cannot fetch the frontend it names.
        """
        return cls(
            network=os.environ.get("DOCKOPT_BUILD_NETWORK") or None,
            drop_syntax=os.environ.get("DOCKOPT_DROP_SYNTAX") == "1",
        )


class Order(Struct, frozen=True):
    """One image to build. `ignore` stands for the context's `.dockerignore`; our own files go to `scratch`."""

    text: str
    context: Path
    tag: str
    scratch: Path
    ignore: str | None = None
    no_cache: bool = False


class Built(Struct, frozen=True):
    """An image in the builder's store, under a tag of ours until `clean`."""

    image: str
    tag: str
    seconds: float
    steps: tuple[Step, ...]
    log: str

    @property
    def ran(self) -> tuple[Step, ...]:
        """The steps that were not taken from the cache."""
        return tuple(step for step in self.steps if not step.cached)


class Ran(Struct, frozen=True):
    """How a command in a container ended. `status` is None where its time was up."""

    status: int | None
    output: str
    seconds: float


class Builder(Protocol):
    """A program that builds images; it never pushes one.

    All names that it is given begin with the prefix that `clean` gets in the end.
    """

    name: str

    def build(self, order: Order, options: BuildOptions, progress: Progress) -> Built:
        """Build an image; `BuildFailed` has the words of the step that failed, `TimedOut` says the time was up."""

    def export(self, image: str) -> AbstractContextManager[BinaryIO]:
        """A stream of the image as docker-archive or OCI layout, that cannot be rewound."""

    def run(
        self,
        image: str,
        command: Sequence[str],
        *,
        name: str,
        timeout: float,
        network: str | None = None,
        limit: int = 100_000,
    ) -> Ran:
        """Run a command as `docker run IMAGE COMMAND` would, in a container that is gone afterwards."""

    def start(self, image: str, *, name: str, port: int | None, network: str | None = None) -> None:
        """Start the image's own program in the background; it answers on that port of this machine."""

    def health(self, name: str) -> str | None:
        """`starting`, `healthy` or `unhealthy` by HEALTHCHECK, None without one; `exited` where it ended."""

    def stop(self, name: str) -> str:
        """Remove a container; what it had printed."""

    def clean(self, prefix: str) -> None:
        """Remove all images and containers whose names begin so."""


def find_builder(name: str | None = None) -> Builder:
    """The builder of that name, or the first one that works here; `BuilderMissing` says why none does."""
    if name is not None and name not in NAMES:
        raise BuilderMissing(f"there is no builder `{name}`; known are {', '.join(NAMES)}")
    problems = []
    for candidate in (name,) if name else NAMES:
        try:
            return _makers()[candidate]()
        except ProofError as problem:
            problems.append(f"{candidate}: {problem}")
    raise BuilderMissing(f"no builder works here ({'; '.join(problems)}); {ADVICE}")


def _makers() -> Mapping[str, Callable[[], Builder]]:
    from .docker import Docker
    from .podman import Buildah, Podman

    return {"docker": Docker, "podman": Podman, "buildah": Buildah}


def without_syntax(text: str) -> str:
    """The Dockerfile without its `# syntax=` directive; a comment of that look further down stays."""
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        found = DIRECTIVE.match(line)
        if not found:
            break
        if found[1].lower() == "syntax":
            return "".join(lines[:index] + lines[index + 1 :])
    return text


def write_files(order: Order, options: BuildOptions) -> Path:
    """The Dockerfile in a folder of its own, with the ignore file that a builder reads beside it."""
    text = without_syntax(order.text) if options.drop_syntax else order.text
    file = order.scratch / "Dockerfile"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    own = order.context / "Dockerfile.dockerignore"
    ignore = order.ignore
    if ignore is None and own.is_file():
        ignore = own.read_text(encoding="utf-8", errors="surrogateescape")
    beside = order.scratch / "Dockerfile.dockerignore"
    beside.unlink(missing_ok=True)
    if ignore is not None:
        beside.write_bytes(ignore.encode("utf-8", "surrogateescape"))
    return file
