"""One file, looked at: work that any process can do, and what came of it. It writes nothing and prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.cli import files
from optimizer.cli.contexts import ContextOf, Contexts, described, folder_of, ignore_file_of
from optimizer.cli.discovery import Found, is_ci_file, is_template, reads_as_template
from optimizer.cli.errors import BugError, FileError, SettingsError
from optimizer.cli.names import shown
from optimizer.cli.settings import Settings, settings_for
from optimizer.engine import ChangeKey, Result, optimize
from optimizer.facts.ci import builds_images
from optimizer.facts.context import Supply
from optimizer.fixes import Fix, fixes
from optimizer.transform import Subject, Transform

if TYPE_CHECKING:
    from optimizer.cache.logs import Log
    from optimizer.facts.context.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Wishes:
    """What holds for all files of one run."""

    settings: Settings
    """What the command line says."""
    context: Path | None = None
    """The build context of the files; None: it is looked for."""
    no_context: bool = False
    surroundings: bool = False
    """Whether the outcomes tell which context it is."""
    fixes: bool = False
    """Whether the outcomes tell the changes apart; it takes as long again."""
    evidence: bool = False
    """Whether the outcomes tell what they owe to the context: for those who remember them."""
    quiet: bool = False
    """Whether nothing is shown of what goes on: something else is on the terminal."""
    run: str = ""
    """A name of the run, for processes that outlive it: what they remember of files holds for one run."""
    log: NamedLog | None = None
    """The log of a build of the one Dockerfile that is looked at; None: seconds are estimated."""


@dataclass(frozen=True, slots=True)
class NamedLog:
    """A build log, and what it is called in messages."""

    name: str
    log: Log


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. It may come from another process."""

    path: Path
    """Where it lies, or what standard input is called."""
    top: Path | None
    """The folder that was asked for; None for standard input."""
    data: bytes = b""
    """The file as it was read."""
    result: Result | None = None
    """None where the file cannot be looked at, or is passed over: a CI file that builds no image."""
    failures: tuple[str, ...] = ()
    """What is wrong with the file or its settings: each with its path, and the line where there is one."""
    template: int | None = None
    """The line at which it shows that it is a template of Dockerfiles, 0 where its name says so; it stays as it is."""
    ignore_file: Path | None = None
    """The file that takes `result.ignores`; None where there are none, or no context."""
    folder: Path | None = None
    """The context that it is built with, or its own folder; None where nobody wished to know."""
    context: str | None = None
    """Which context it is and why, or why it is not known; None where nobody wished to know."""
    fixes: tuple[Fix, ...] = ()
    """The changes as they can be taken one by one; empty where nobody wished to know."""
    evidence: Evidence | None = None
    """What the result owes to the context; None where that is nothing, or nobody wished to know."""


class Worker:
    """Looks at files one after another; remembers contexts and Compose files that they share."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.contexts = Contexts(wishes.context, off=wishes.no_context, quiet=wishes.quiet)

    def look(self, found: Found) -> Outcome:
        """What becomes of a file of the disk. Whatever goes wrong with it is its outcome: the others shall go on."""
        return _guarded(
            Outcome(found.path, found.top), lambda: self._look(found.path, found.top, files.read(found.path))
        )

    def look_at(self, data: bytes, name: str | None) -> Outcome:
        """What becomes of the text of standard input; `name` is the path that it has elsewhere."""
        path = Path(name or "Dockerfile")
        return _guarded(Outcome(path, None, data), lambda: self._look(path, None, data, named=name is not None))

    def outcome(
        self,
        path: Path,
        top: Path | None,
        data: bytes,
        result: Result,
        context: ContextOf | None,
        told_apart: tuple[Fix, ...] = (),
    ) -> Outcome:
        """The outcome for a Dockerfile that is told with its result."""
        template = 0 if is_template(path.name) else None
        if result.problems and template is None and reads_as_template(result.before):
            template = result.problems[0].line
        told = self.wishes.surroundings
        return Outcome(
            path, top, data, result,
            failures=() if template is not None else _told(path, result),
            template=template,
            ignore_file=ignore_file_of(context) if result.ignores and context is not None else None,
            folder=folder_of(path, context) if told else None,
            context=described(context) if told and context is not None else None,
            fixes=told_apart,
        )  # fmt: skip

    def _look(self, path: Path, top: Path | None, data: bytes, *, named: bool = True) -> Outcome:
        settings = settings_of(path, self.wishes.settings)
        transforms = settings.chosen()
        if is_ci_file(path):
            return self._ci_file(path, top, data, transforms, unsafe=settings.unsafe)
        context = self.contexts.of(path, top or path.parent, data, named=named)
        if is_template(path.name):
            return self.outcome(path, top, data, optimize(data, ()), context)
        seconds = _seconds(data, path, self.wishes.log)
        if not self.wishes.evidence or context is None or seconds:
            result = optimize(data, transforms, unsafe=settings.unsafe, context=context, seconds=seconds)
            told_apart = self._fixes(data, result, settings, context, seconds)
            return self.outcome(path, top, data, result, context, told_apart)
        from optimizer.facts.context.evidence import Witness

        witness = Witness(context.found, context)
        result = optimize(data, transforms, unsafe=settings.unsafe, context=witness)
        told_apart = self._fixes(data, result, settings, witness)
        return replace(self.outcome(path, top, data, result, context, told_apart), evidence=witness.evidence())

    def _ci_file(
        self, path: Path, top: Path | None, data: bytes, transforms: Sequence[Transform], *, unsafe: bool
    ) -> Outcome:
        from optimizer.workflows import improve

        if top is not None and builds_none(data, transforms):
            return Outcome(path, top, data)
        result = improve(data, transforms, unsafe=unsafe)
        return ci_outcome(path, top, data, result, fixes(result, None) if self.wishes.fixes else ())

    def _fixes(
        self,
        data: bytes,
        result: Result,
        settings: Settings,
        context: Supply | None,
        seconds: Mapping[int, float] | None = None,
    ) -> tuple[Fix, ...]:
        """The changes told apart, if anybody wishes."""
        if not self.wishes.fixes:
            return ()

        def replay(only: Collection[ChangeKey]) -> Result:
            ids = {key[0] for key in only}
            transforms = [transform for transform in settings.chosen() if transform.id in ids]
            return optimize(data, transforms, unsafe=settings.unsafe, context=context, only=only, seconds=seconds)

        return fixes(result, replay)


def settings_of(path: Path, wished: Settings) -> Settings:
    """The settings that hold for a file, with what the command line says. Raises SettingsError."""
    return settings_for(path.absolute().parent).below(wished)


def _seconds(data: bytes, path: Path, named: NamedLog | None) -> Mapping[int, float] | None:
    """What a log says that the steps of a Dockerfile took. Raises FileError where it is the log of another one."""
    if named is None:
        return None
    from optimizer.cache.logs import LogError
    from optimizer.cache.measured import seconds_by_line
    from optimizer.facts import Facts
    from optimizer.syntax.parser import parse

    facts = Facts(parse(data))
    if facts.problems:
        return None
    try:
        return seconds_by_line(named.log, facts)
    except LogError as error:
        raise FileError(f"{shown(path)}: the log `{named.name}` does not go with it: {error}") from error


def builds_none(data: bytes, transforms: Sequence[Transform]) -> bool:
    """Whether a CI file is passed over: it builds no image, or nothing is chosen that is about such files."""
    return not (any(transform.subject is Subject.WORKFLOW for transform in transforms) and builds_images(data))


def ci_outcome(path: Path, top: Path | None, data: bytes, result: Result, told_apart: tuple[Fix, ...]) -> Outcome:
    """The outcome for a CI file that is told with its result."""
    return Outcome(path, top, data, result, _told(path, result), fixes=told_apart)


def _told(path: Path, result: Result) -> tuple[str, ...]:
    return tuple(
        f"{shown(path)}:{problem.line}: {problem.message}; the file is left as it is" for problem in result.problems[:3]
    )


def optimized(
    path: Path, data: bytes, transforms: Sequence[Transform], *, unsafe: bool, context: Supply | None = None
) -> Result:
    """What the engine makes of the file. Raises BugError for whatever it raises: the other files shall go on."""
    try:
        return optimize(data, transforms, unsafe=unsafe, context=context)
    except Exception as error:
        raise BugError(_bug(path, error)) from error


def _guarded(failed: Outcome, work: Callable[[], Outcome]) -> Outcome:
    """What the work comes to; where it raises, the failed outcome with the reason."""
    try:
        return work()
    except (FileError, SettingsError) as error:
        return replace(failed, failures=(str(error),))
    except Exception as error:
        return replace(failed, failures=(_bug(failed.path, error),))


def _bug(path: Path, error: Exception) -> str:
    from traceback import extract_tb

    place = extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {error}"
    return f"{shown(path)}: dockopt fails on this file ({what}); please report it"
