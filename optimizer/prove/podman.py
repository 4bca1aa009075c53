"""Podman and Buildah, which build without a daemon and without root."""

import re
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .builders import BuildOptions, Built, Order, Ran, write_files
from .docker import Docker, build_flags, exported, network_flag, read_output
from .errors import BuilderFailed, BuilderMissing, BuildFailed, TimedOut
from .process import Running, held, output_of
from .steps import Progress, Step

STEP = re.compile(r"^(?:\[[^\]]+\] )?STEP (\d+(?:/\d+)?): (.*)$")
CACHED = re.compile(r"^--> Using cache ")


class StepReader:
    """Steps out of the lines that Buildah prints; their seconds are counted from the arrival of the lines."""

    def __init__(self, progress: Progress) -> None:
        self.steps: list[Step] = []
        self.lines: list[str] = []
        self._progress = progress
        self._open: tuple[str, float] | None = None
        self._cached = False

    def read(self, lines: Iterable[bytes]) -> None:
        """Take in all of a build's output, as it comes."""
        for raw in lines:
            line = raw.decode(errors="replace").rstrip("\r\n")
            self.lines.append(line)
            self._progress(line)
            if CACHED.match(line):
                self._cached = True
            elif found := STEP.match(line):
                self._close()
                if not found[2].startswith("FROM "):  # It is no work.
                    self._open = (f"[{found[1]}] {found[2]}", time.monotonic())
        self._close()

    def _close(self) -> None:
        if self._open:
            name, begin = self._open
            self.steps.append(Step(name, self._cached, 0.0 if self._cached else time.monotonic() - begin))
        self._open, self._cached = None, False


class Podman(Docker):
    """Podman, whose client is Docker's but for building and saving."""

    name = "podman"
    program = "podman"
    listing: tuple[str, ...] = ("podman", "ps", "--all", "--external", "--format", "{{.ID}} {{.Names}}")
    remove: tuple[str, ...] = ("podman", "rm", "--force")

    def __init__(self) -> None:
        _check(self.program)

    def build(self, order: Order, options: BuildOptions, progress: Progress) -> Built:
        """See `Builder.build`."""
        file = write_files(order, options)
        identity = order.scratch / "image"
        # The OCI format has no room for HEALTHCHECK and SHELL.
        command = [
            self.program,
            "build",
            "--format=docker",
            "--layers",
            "--force-rm",
            "-t",
            f"localhost/{order.tag}",
            "-f",
            str(file),
            f"--iidfile={identity}",
        ]
        command += [f"--ignorefile={file}.dockerignore"] if Path(f"{file}.dockerignore").exists() else []
        command += build_flags(options) + (["--no-cache"] if order.no_cache else []) + [str(order.context)]
        reader = StepReader(progress)
        with self.tidy(), Running(command, timeout=options.timeout, merge=True) as running:
            reader.read(running.output)
            status, seconds = running.wait(), running.seconds
        if status:
            last = next((line for line in reversed(reader.lines) if line.strip()), "no message")
            raise BuildFailed(last, "\n".join(reader.lines[-40:]))
        return Built(
            identity.read_text().strip().removeprefix("sha256:"),
            order.tag,
            seconds,
            tuple(reader.steps),
            "\n".join(reader.lines),
        )

    @contextmanager
    def tidy(self) -> Iterator[None]:
        """Remove the containers of a build that was stopped; its own clean-up is for builds that end by themselves."""
        before = self.working()
        try:
            yield
        except BaseException:
            with held():
                for container in self.working() - before:
                    output_of([*self.remove, container])
            raise

    def working(self) -> frozenset[str]:
        """The containers in which builds are at work, by their identifiers."""
        rows = output_of(self.listing).splitlines()
        return frozenset(row.split()[0] for row in rows if "-working-container" in row)

    @contextmanager
    def export(self, image: str) -> Iterator[BinaryIO]:
        """See `Builder.export`."""
        with exported([self.program, "save", "--quiet", "--format=docker-archive", image]) as stream:
            yield stream

    def clean(self, prefix: str) -> None:
        """See `Builder.clean`."""
        super().clean(f"localhost/{prefix}")
        with held():
            for name in output_of([self.program, "ps", "--all", "--quiet", "--filter", f"name={prefix}"]).split():
                output_of([self.program, "rm", "--force", "--volumes", name])


class Buildah(Podman):
    """Buildah alone: it builds and runs commands, but starts no program in the background."""

    name = "buildah"
    program = "buildah"
    listing = ("buildah", "containers", "--format", "{{.ContainerID}} {{.ContainerName}}")
    remove = ("buildah", "rm")

    @contextmanager
    def export(self, image: str) -> Iterator[BinaryIO]:
        """See `Builder.export`."""
        with exported([self.program, "push", "--quiet", image, "docker-archive:/dev/stdout"]) as stream:
            yield stream

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
        """See `Builder.run`; the image's entry point is not applied."""
        output_of([self.program, "from", "--name", name, "--pull-never", image])
        begin = time.monotonic()
        try:
            with Running(
                [self.program, "run", *network_flag(network), name, "--", *command],
                timeout=timeout,
                merge=True,
                grace=1,
            ) as running:
                output = read_output(running, limit)
                return Ran(running.wait(), output, time.monotonic() - begin)
        except TimedOut:
            return Ran(None, "", time.monotonic() - begin)
        finally:
            self.stop(name)

    def start(self, image: str, *, name: str, port: int | None, network: str | None = None) -> None:
        """See `Builder.start`."""
        raise BuilderFailed("Buildah cannot start a program in the background; use Docker or Podman for `--probe`")

    def health(self, name: str) -> str | None:
        """See `Builder.health`."""
        return None

    def stop(self, name: str) -> str:
        """See `Builder.stop`."""
        with held(), suppress(BuilderFailed, TimedOut):
            output_of([self.program, "rm", name])
        return ""

    def clean(self, prefix: str) -> None:
        """See `Builder.clean`."""
        with held():
            containers = output_of([self.program, "containers", "--format", "{{.ContainerName}}"]).split()
            for name in containers:
                if name.startswith(prefix):
                    output_of([self.program, "rm", name])
            images = output_of([self.program, "images", "--format", "{{.Name}}:{{.Tag}}"]).split()
            for name in images:
                if name.startswith(f"localhost/{prefix}"):
                    output_of([self.program, "rmi", "--force", name])


def _check(program: str) -> None:
    if shutil.which(program) is None:
        raise BuilderMissing("not installed")
    output_of([program, "--version"], timeout=30)
