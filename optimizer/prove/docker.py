"""Docker with buildx and BuildKit."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from .builders import BuildOptions, Built, Order, Ran, write_files
from .errors import ArchiveError, BuilderFailed, BuilderMissing, BuildFailed, TimedOut
from .process import Running, held, output_of
from .steps import BuildLog, Progress

DAEMON_ERROR = 125
"""The status of `docker run` where the container did not even start."""


class Docker:
    """The `docker` client with its buildx plugin, and the daemon that it is led to."""

    name = "docker"
    program = "docker"

    def __init__(self) -> None:
        if shutil.which(self.program) is None:
            raise BuilderMissing("not installed")
        try:
            output_of([self.program, "version", "--format", "{{.Server.Version}}"], timeout=30)
        except BuilderFailed as problem:
            raise BuilderMissing(f"its daemon does not answer ({problem})") from problem
        try:
            output_of([self.program, "buildx", "version"], timeout=30)
        except BuilderFailed as problem:
            raise BuilderMissing("its buildx plugin is not installed") from problem

    def build(self, order: Order, options: BuildOptions, progress: Progress) -> Built:
        """See `Builder.build`."""
        file = write_files(order, options)
        identity = order.scratch / "image"
        identity.unlink(missing_ok=True)
        command = [
            self.program,
            "buildx",
            "build",
            "--progress=rawjson",
            "--load",
            "-t",
            order.tag,
            "-f",
            str(file),
            f"--iidfile={identity}",
        ]
        command += build_flags(options) + (["--no-cache"] if order.no_cache else []) + [str(order.context)]
        log = BuildLog(progress)
        # Attestations would make an index of what is one image.
        with Running(
            command, timeout=options.timeout, merge=True, environment={"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        ) as running:
            log.read(running.output)
            status = running.wait()
            seconds = running.seconds
        if status:
            message, tail = log.failure
            raise BuildFailed(message, tail)
        return Built(identity.read_text().strip(), order.tag, seconds, log.steps, log.text)

    @contextmanager
    def export(self, image: str) -> Iterator[BinaryIO]:
        """See `Builder.export`."""
        with exported([self.program, "save", image]) as stream:
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
        """See `Builder.run`."""
        words = [self.program, "run", "--rm", "--name", name, *network_flag(network), image, *command]
        begin = time.monotonic()
        try:
            with Running(words, timeout=timeout, merge=True, grace=1) as running:
                output = read_output(running, limit)
                status = running.wait()
        except TimedOut:
            return Ran(None, "", time.monotonic() - begin)
        finally:
            self.stop(name)
        if status == DAEMON_ERROR:
            raise BuilderFailed(f"the container of `{image}` did not start: {output.strip()[-500:]}")
        return Ran(status, output, time.monotonic() - begin)

    def start(self, image: str, *, name: str, port: int | None, network: str | None = None) -> None:
        """See `Builder.start`."""
        publish = ["--publish", f"127.0.0.1:{port}:{port}"] if port and network != "host" else []
        output_of([self.program, "run", "--detach", "--name", name, *network_flag(network), *publish, image])

    def health(self, name: str) -> str | None:
        """See `Builder.health`."""
        template = "{{.State.Running}} {{if .State.Health}}{{.State.Health.Status}}{{else}}-{{end}}"
        running, health = output_of([self.program, "inspect", "--type=container", "--format", template, name]).split()
        if running != "true":
            return "exited"
        return None if health == "-" else health

    def stop(self, name: str) -> str:
        """See `Builder.stop`."""
        output = ""
        with held():
            with suppress(BuilderFailed, TimedOut):
                output = output_of([self.program, "logs", "--tail", "50", name])
            with suppress(BuilderFailed, TimedOut):
                output_of([self.program, "rm", "--force", "--volumes", name])
        return output

    def clean(self, prefix: str) -> None:
        """See `Builder.clean`. It looks twice, since a build that was cancelled may get its name a moment later."""
        with held():
            for pause in (0.0, 0.5):
                time.sleep(pause)
                containers = output_of([self.program, "ps", "--all", "--quiet", "--filter", f"name={prefix}"]).split()
                if containers:
                    output_of([self.program, "rm", "--force", "--volumes", *containers])
                reference = f"reference={prefix}*"
                images = output_of(
                    [self.program, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", reference]
                ).split()
                if images:
                    output_of([self.program, "image", "rm", "--force", *images])


@contextmanager
def exported(command: list[str]) -> Iterator[BinaryIO]:
    """The archive that a command writes; where the command failed, its own words instead of the reader's."""
    with Running(command) as running:
        try:
            yield cast(BinaryIO, running.output)
        except ArchiveError as problem:
            words = running.errors.read().decode(errors="replace").strip()
            if running.wait() and words:
                raise BuilderFailed(f"the image cannot be exported: {words[-500:]}") from problem
            raise


def build_flags(options: BuildOptions) -> list[str]:
    """The user's options as all three programs understand them."""
    words = [f"--build-arg={name}={value}" for name, value in options.build_args.items()]
    words += [f"--secret={secret}" for secret in options.secrets]
    if options.target:
        words.append(f"--target={options.target}")
    if options.platform:
        words.append(f"--platform={options.platform}")
    return words + network_flag(options.network)


def network_flag(network: str | None) -> list[str]:
    """Nothing where the builder's own policy is wanted."""
    return [f"--network={network}"] if network else []


def read_output(running: Running, limit: int) -> str:
    """The first `limit` bytes of the output; the rest is read and dropped, so that the program is not held up."""
    kept = running.output.read(limit)
    while running.output.read(1 << 16):
        pass
    return kept.decode(errors="replace")
