"""`dockopt cache`: what a change makes a builder run again, step by step, and why; or what the last commits did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from optimizer.cache import Build, Builder, plan
from optimizer.cache.git import GitError, Repository
from optimizer.cache.logs import Log
from optimizer.cache.replay import Rewritten, as_it_is, replay, with_ignored
from optimizer.cache.report import Report, report
from optimizer.cache.scenarios import edited, source_groups, typical
from optimizer.cache.snapshots import context_of, snapshot
from optimizer.cli import files
from optimizer.cli.cache_text import Shown, replay_text, report_text, written_json
from optimizer.cli.contexts import context_folder
from optimizer.cli.contexts import context_of as folder_and_context
from optimizer.cli.discovery import find
from optimizer.cli.errors import FileError, UsageError, suggestion
from optimizer.cli.logs import log_in
from optimizer.cli.names import shown
from optimizer.cli.output import Output
from optimizer.cli.progress import Progress
from optimizer.cli.settings import settings_for
from optimizer.engine import optimize
from optimizer.facts import Context, Facts
from optimizer.facts.context.history import change_counts, read
from optimizer.syntax.parser import parse

FORMATS = ("text", "json")


class CacheOptions(Struct, frozen=True):
    """The options of `dockopt cache`."""

    changed: tuple[str, ...] = ()
    commits: str | None = None
    last: int | None = None
    log: Path | None = None
    builder: str = "buildkit"
    format: str = "text"
    context: Path | None = None
    build_args: tuple[str, ...] = ()
    target: str | None = None

    def build(self, facts: Facts) -> Build:
        """The build that they mean."""
        pairs = (pair.partition("=") for pair in self.build_args)
        return Build(facts, Builder(self.builder), {name: value for name, _, value in pairs}, self.target)


def cache_all(path: str, options: CacheOptions) -> int:
    """Does the work for each Dockerfile that is found, and prints it; returns the exit code. Raises InputError."""
    _check(options)
    log = log_in(options.log) if options.log is not None else None
    output = Output()
    found: list[Shown] = []
    failed = False
    for one in find([Path(path)]):
        try:
            found.append(examined(one.path, options, log))
        except FileError as error:
            output.note(str(error))
            failed = True
            continue
        if options.format == "text":
            text = replay_text if options.last is not None else report_text
            output.text(("\n" if len(found) > 1 else "") + text(found[-1]))
    if not found and not failed:
        output.note("no Dockerfile found")
    if options.format == "json":
        output.text(written_json(found))
    output.flush()
    return 2 if failed else 0


def _check(options: CacheOptions) -> None:
    """Raises UsageError where the options do not fit together."""
    if options.format not in FORMATS:
        raise UsageError(f"--format is {' or '.join(FORMATS)}, not `{options.format}`")
    known = [builder.value for builder in Builder]
    if options.builder not in known:
        raise UsageError(f"--builder is {', '.join(known[:-1])} or {known[-1]}, not `{options.builder}`")
    if sum((bool(options.changed), options.commits is not None, options.last is not None)) > 1:
        raise UsageError("--changed, --commits and --last exclude each other")
    if options.last is not None and options.last < 1:
        raise UsageError(f"--last is a number of commits, 1 or more, not `{options.last}`")
    if wrong := [pair for pair in options.build_args if "=" not in pair]:
        raise UsageError(f"--build-arg is NAME=VALUE, not `{wrong[0]}`")


def examined(path: Path, options: CacheOptions, log: Log | None = None) -> Shown:
    """What is to be said of one file. Raises FileError or UsageError."""
    try:
        if options.last is not None:
            return _history(path, options, options.last)
        if options.commits is not None:
            return Shown(shown(path), options.builder, report=_between(path, options, options.commits, log))
        return Shown(shown(path), options.builder, report=_after_change(path, options, log))
    except GitError as error:
        raise FileError(f"{shown(path)}: the history cannot be read: {error}") from error


def _facts(name: str, data: bytes, context: Context | None) -> Facts:
    facts = Facts(parse(data), context)
    if facts.problems:
        problem = facts.problems[0]
        raise FileError(f"{name}:{problem.line}: {problem.message}; it cannot be built")
    return facts


def _planned(build: Build, name: str) -> Report:
    """The build without a build before it. Raises FileError for a target that is not there."""
    try:
        return report(plan(build), None, "the first build")
    except ValueError as error:
        names = [stage.name for stage in build.facts.stages if stage.name]
        raise FileError(f"{name}: {error}{suggestion(build.target or '', names)}") from error


def _after_change(path: Path, options: CacheOptions, log: Log | None) -> Report:
    """The build after a change of files: those that were named, or the one that is most likely to change."""
    data = files.read(path)
    folder, context = folder_and_context(path, data, options.context)
    build = options.build(_facts(shown(path), data, context))
    before = _planned(build, shown(path)).plan
    if options.changed:
        changed = [_in_context(name, folder, build) for name in options.changed]
        words = "after a change of " + ", ".join(f"`{name}`" for name in changed)
    else:
        groups = source_groups(before)
        found = typical(groups, change_counts(folder)) if groups else None
        if found is None:
            return report(before, before, "after no change: no step takes a source file out of the context", log)
        name, group = found
        changed = [name]
        words = f"after a change of `{name}`"
        words += f", as of any of {len(group.files)} files" if len(group.files) > 1 else ""
    return report(plan(edited(build, changed)), before, words, log)


def _in_context(name: str, folder: Path, build: Build) -> str:
    """The path of a file in the context, told as the user has it. Raises UsageError where a build does not see it."""
    known = build.facts.context.files if build.facts.context else {}
    here = Path(name)
    path = here.absolute().parent.resolve() / here.name
    root = folder.resolve()
    inside = path.relative_to(root).as_posix() if path.is_relative_to(root) else name
    for found in (inside, name):
        if found in known:
            return found
    if here.exists() or (folder / name).exists():
        raise UsageError(f"--changed: `{name}` is not in the build context: it lies elsewhere, or is ignored")
    raise UsageError(f"--changed: there is no file `{name}` in the build context{suggestion(name, known)}")


def _between(path: Path, options: CacheOptions, revisions: str, log: Log | None) -> Report:
    """The build of one commit after that of another."""
    first, dots, last = revisions.partition("..")
    with Repository(path.absolute().parent) as repository:
        old = repository.commit(first or "HEAD") if dots else repository.commit(f"{first}^")
        new = repository.commit((last.removeprefix(".") or "HEAD") if dots else first)
        name = (repository.top / path.name).as_posix()
        root = _root(options, repository)
        plans = []
        for commit in (old, new):
            tree = repository.tree(commit)
            content = repository.blob(tree[name].blob) if name in tree else None
            if content is None:
                raise FileError(f"{shown(path)}: it is not in commit {commit[:12]}")
            inside = root if root is not None else context_of(content, name, tree)
            repository.measure(entry.blob for entry in tree.values())
            context = snapshot(repository, tree, commit, name, inside)
            plans.append(_planned(options.build(_facts(shown(path), content, context)), shown(path)).plan)
        return report(plans[1], plans[0], f"at {new[:12]} after a build of {old[:12]}", log)


def _root(options: CacheOptions, repository: Repository) -> str | None:
    """The context from the top of the repository, if one is given."""
    if options.context is None:
        return None
    folder = context_folder(options.context)
    return Repository(folder).top.as_posix().removeprefix(".")


def _history(path: Path, options: CacheOptions, last: int) -> Shown:
    """The last commits, built one after the other, as the file is and as dockopt would have it at each of them."""
    settings = settings_for(path.absolute().parent)
    transforms = settings.chosen()

    def rewritten(text: str, context: Context) -> Rewritten:
        data = text.encode("utf-8", "surrogateescape")
        result = optimize(data, transforms, unsafe=settings.unsafe, context=context)
        return with_ignored(result.after, result.ignores, context)

    progress = Progress()
    files.read(path)
    with Repository(path.absolute().parent) as repository:
        commits = repository.commits(last=last + 1)
        name = (repository.top / path.name).as_posix()
        ways = {"as it is": as_it_is, "after dockopt": rewritten}
        try:
            found = replay(
                repository,
                name,
                _told(commits, progress),
                ways,
                context=_root(options, repository),
                build=options.build,
                past=read(path.absolute().parent, commits[0]) if commits else None,
            )
        finally:
            progress.clear()
    return Shown(shown(path), options.builder, replay=found)


def _told(commits: Sequence[str], progress: Progress) -> Iterator[str]:
    """The commits, while a line at the bottom says how far it is."""
    for at, commit in enumerate(commits, start=1):
        progress(f"commit {at} of {len(commits)}: {commit[:12]}")
        yield commit
