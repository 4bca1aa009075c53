"""One proof for one file, with the options of the command line; the builder is looked for when it is first needed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from optimizer.cli.errors import UsageError
from optimizer.cli.names import shown
from optimizer.cli.progress import Progress
from optimizer.engine import Result
from optimizer.prove.builders import Builder, BuildOptions, find_builder
from optimizer.prove.declared import allowances
from optimizer.prove.errors import BuilderMissing, BuildFailed, ProofError
from optimizer.prove.ignoring import ignore_text
from optimizer.prove.layer import Layer
from optimizer.prove.proof import Proof, ProofOptions, Rewrite, prove
from optimizer.prove.report import render_text
from optimizer.prove.smoke import SmokeTest
from optimizer.transform import Transform

FindBuilder = Callable[[str | None], Builder]

LOG_LINES = 15
"""Of a build that failed, the last ones are shown."""


class ProofWishes(Struct, frozen=True):
    """What the options say about builds and proofs. `context` None: it is looked for."""

    builder: str | None = None
    context: Path | None = None
    timeout: float | None = None
    build_args: tuple[str, ...] = ()
    target: str | None = None
    secrets: tuple[str, ...] = ()
    platform: str | None = None
    noise_check: bool = False
    command: str | None = None
    probe: str | None = None
    rebuild: bool = False
    touch: str | None = None

    def options(self) -> ProofOptions:
        """The options of a proof. Raises UsageError."""
        if self.command is not None and self.probe is not None:
            raise UsageError("--run and --probe exclude each other")
        if self.probe is not None and not self.probe.startswith(("http://", "https://")):
            raise UsageError(f"--probe: `{self.probe}` is no http or https address")
        if self.timeout is not None and self.timeout <= 0:
            raise UsageError("--timeout is a number of seconds above 0")
        if self.context is not None and not self.context.is_dir():
            raise UsageError(f"--context: there is no folder `{self.context}`")
        try:
            shlex.split(self.command or "")
        except ValueError as error:
            raise UsageError(f"--run: `{self.command}` cannot be read: {error}") from error
        here = BuildOptions.from_environment()
        build = BuildOptions(
            dict(_argument(text) for text in self.build_args),
            self.target,
            self.secrets,
            self.platform,
            self.timeout or here.timeout,
            here.network,
            here.drop_syntax,
        )
        smoke = SmokeTest(self.command, self.probe)
        wanted = self.rebuild or self.touch is not None
        return ProofOptions(build, self.noise_check, smoke, wanted, touch=self.touch)


def _argument(text: str) -> tuple[str, str]:
    """`NAME=value`; `NAME` alone takes the value of the environment, as `docker build` does."""
    name, equals, value = text.partition("=")
    if not name or (not equals and name not in os.environ):
        raise UsageError(f"--build-arg: `{text}` is not NAME=VALUE, and no variable of the environment")
    return name, value if equals else os.environ[name]


class Prover:
    """Proves files one after another."""

    def __init__(self, wishes: ProofWishes, find: FindBuilder = find_builder) -> None:
        self._wishes = wishes
        self._options = wishes.options()
        self._find = find
        self._layers: dict[str, Layer] = {}

    @cached_property
    def builder(self) -> Builder:
        """Raises BuilderMissing."""
        return self._find(self._wishes.builder)

    def prove(self, path: Path, folder: Path, result: Result, transforms: Sequence[Transform]) -> Proof:
        """The proof of what the transforms made of that file; `folder` is its context. Raises ProofError."""
        from msgspec.structs import replace

        options = replace(self._options, ignore=ignore_text(path, folder))
        steps = [Rewrite(step.transform, step.after, step.ignores) for step in result.steps]
        declared = allowances(transforms)
        progress = Progress()
        try:
            return prove(
                result.before,
                steps,
                folder,
                self.builder,
                declared,
                options,
                lambda line: progress(f"{shown(path)}: {line}"),
                self._layers,
            )
        finally:
            progress.clear()


def explained(problem: ProofError) -> str:
    """Why there is no proof, with the last words of a build that failed."""
    if not isinstance(problem, BuildFailed):
        return str(problem)
    lines = [line for line in problem.log.splitlines() if line.strip()][-LOG_LINES:]
    return "\n".join([f"it does not build as it is: {problem}", *(f"  {line}" for line in lines)])


def judged(
    prover: Prover, path: Path, folder: Path, result: Result, transforms: Sequence[Transform]
) -> tuple[bool, tuple[str, ...]]:
    """Whether the result is proved in that context, and what to say of it. Raises BuilderMissing."""
    try:
        proof = prover.prove(path, folder, result, transforms)
    except BuilderMissing:
        raise
    except ProofError as problem:
        return False, tuple(f"no proof: {explained(problem)}".splitlines())
    return proof.holds, tuple(line for line in render_text(proof).splitlines() if line)
