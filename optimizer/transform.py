"""What a transform is: a function from facts to proposals, its promise as data, and its examples.

@transform(Safety.SAFE, may_change={"layers"}, counterparts=("DL3009",))
@example("what changes", '''...diff...''')
@unchanged("what stays, and why", '''...Dockerfile...''')
def clean_in_same_layer(facts: Facts) -> Iterator[Proposal | Declined]:
    '''What it does. Why. Safety: ... Sources: ...'''
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from textwrap import dedent
from typing import TYPE_CHECKING, Any, cast

from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.syntax.nodes import Node

if TYPE_CHECKING:
    from optimizer.facts.ci import Workflow


class Safety(StrEnum):
    """What may differ in the image."""

    SAFE = "safe"
    """The same files, less what a package manager can fetch again, and a configuration that means the same."""
    UNSAFE = "unsafe"
    """The image does the same job with other content; applied with `--unsafe`."""
    SUGGESTION = "suggestion"
    """Needs a person: shown, never applied."""


class Subject(StrEnum):
    """The kind of file that a transform is about."""

    DOCKERFILE = "Dockerfile"
    WORKFLOW = "workflow"
    """The YAML files of CI: workflows and actions of GitHub, `.gitlab-ci.yml`."""


class Aspect(StrEnum):
    """A projection of the tree that a reader or a build would miss (see `checks`)."""

    COMMENTS = "comments"
    STAGES = "stages"
    CONFIG = "config"
    TRACE = "trace"
    LAYERS = "layers"
    COPIED = "copied"


class Leeway(StrEnum):
    """In what a transform may make the trace differ; all else in it must stay equal."""

    FLAGS = "flags"
    """Options that the rows of package managers name (`-y`, `--no-cache` ...) are added to their calls."""
    CLEANUP = "cleanup"
    """Commands that only remove caches and lists come, go or move, where nothing after them reads these."""
    REFRESH = "refresh"
    """Commands that only fetch package lists come, go or move, where each install finds what it found before."""
    PACKAGES = "packages"
    """Installs name packages more that they fetched anyway."""
    ORDER = "order"
    """Deletions move before steps that touch nothing of what they delete."""
    MANIFESTS = "manifests"
    """A COPY sinks behind steps that do not need its files, or that a new COPY gives what they need of them."""
    UNLOCKED = "unlocked"
    """It also sinks behind an install that may write a lock file which it takes (unsafe)."""
    FETCHED = "fetched"
    """Above a RUN that builds a project comes the command that only fetches what the build would fetch."""
    FETCHED_MORE = "fetched-more"
    """That command may fetch more, as its row says, and fail where the build would not (unsafe)."""
    SWAPS = "swaps"
    """Two instructions change places where neither does anything that the other could tell."""
    LOCKED = "locked"
    """Installs from a project's manifest insist on its lock file, in the way that the rows of the tools give."""
    PRODUCTION = "production"
    """Such installs leave development packages or documentation away, with the option that the rows give."""
    COVERED = "covered"
    """Files of the context that are no longer sent, where an install makes their folder anew in any case."""
    IGNORED = "ignored"
    """Other files of the context that are no longer sent, and that nothing names (unsafe)."""
    MOUNT = "mount"
    """A file of the context that the next RUN only reads and deletes is mounted for it instead of copied before it."""
    CACHES = "caches"
    """Cache mounts come on folders that the rows of the tools give, and what would empty these goes."""
    STRIPPED = "stripped"
    """Builds leave symbols and paths out, with the options and the setting that the rows give."""
    BUILD_PACKAGES = "build-packages"
    """Build packages that a RUN installs are removed at its end; libraries of theirs are named, so that they stay."""
    OWNERSHIP = "ownership"
    """Owner and mode of what COPY brings are set by its flags instead of by chown and chmod, or the other way round."""
    HARDENING = "hardening"
    """Steps of the rows of `hardening.toml` come, and a USER that the image has or such a step makes (unsafe)."""
    ENVIRONMENT = "environment"
    """ENV, ARG and LABEL stand elsewhere among steps that do not read them; every value stays."""
    ADD = "add"
    """An ADD that only copies is written as COPY."""
    STAGING = "staging"
    """The last stage becomes a builder and a stage that takes what was built out of it (unsafe)."""
    PARTING = "parting"
    """What a builder installs comes into the last stage by itself, before or without the builder's sources (unsafe)."""
    TOLD = "told"
    """Which files and programs go along is what the settings say (unsafe)."""
    TREES = "trees"
    """A RUN also deletes temporary folders and archives that it made itself and that nothing else names (unsafe)."""
    LISTS = "lists"
    """A command that cannot be read may find no package lists any more (unsafe)."""
    AUTHOR = "author"
    """MAINTAINER becomes the label of the authors, where no LABEL sets it."""
    CASE = "case"
    """The names of stages, and what refers to them, go to lower case."""
    EXEC = "exec"
    """CMD and ENTRYPOINT of plain words change their form, where nothing but the kernel sees it."""
    DEAD = "dead"
    """Each CMD, ENTRYPOINT and HEALTHCHECK of a stage but its last one goes."""
    BASE = "base"
    """A stage stands on another variant of its image, with packages of the full one installed (unsafe)."""
    CROSS = "cross"
    """Builds of Go run on the builder's platform and are told the target's by its ARGs (unsafe)."""
    PIN = "pin"
    """A base without a tag, or with `latest`, is named by a tag or a digest (unsafe)."""
    SUDO = "sudo"
    """`sudo` without another user goes where the user is root."""
    APT = "apt"
    """`apt` becomes `apt-get` with the verbs that do the same in both."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Edits that belong together: all of them are made or none.

    `edits` gives the nodes of the tree that was asked about their new source text; an empty text takes a node away.
    """

    at: Node
    why: str
    edits: Mapping[Node, str]
    safety: Safety | None = None
    """Where it differs from the transform's own."""
    saves: int | None = None
    """Estimated bytes of the image; None where nothing is known."""
    basis: str = ""
    """From what the estimate was computed, and when."""
    leeway: frozenset[Leeway] = frozenset()
    """What it needs beyond the transform's own leeway."""
    ignores: tuple[str, ...] = ()
    """Patterns to be put at the end of the file that says what of the build context is not sent."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A place where the transform looked and stood back, with the reason and what it would have needed."""

    at: Node
    why: str


@dataclass(frozen=True, slots=True)
class Insertion:
    """Whole lines that come behind the line `after` of a CI file, without their ends. Lines are counted from 1.

    `line` is the place that is told; it and what lies up to `after` belong together. A suggestion has no lines.
    """

    line: int
    why: str
    after: int
    lines: tuple[str, ...] = ()
    safety: Safety | None = None
    """Where it differs from the transform's own."""


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A place of a CI file where the transform looked and stood back, as `Declined` is of a Dockerfile."""

    line: int
    why: str


Run = Callable[[Facts], Iterator[Proposal | Declined]]
"""What a transform does; a transform with options takes them as keyword parameters behind the facts."""
WorkflowRun = Callable[["Workflow"], Iterator[Insertion | LeftAlone]]
"""What a transform of CI files does."""


@dataclass(frozen=True, slots=True)
class Example:
    """A file before and after; equal for a case that must stay as it is."""

    title: str
    before: str
    after: str
    unsafe: bool = False
    options: Mapping[str, str] = field(default_factory=dict, hash=False)
    context: Mapping[str, str] | None = field(default=None, hash=False)
    """The files of the build context, path -> text; None where no context is given."""
    ignores: tuple[str, ...] = ()
    """The patterns that come to the end of its ignore file."""

    @property
    def changes(self) -> bool:
        """Whether it shows a change."""
        return self.before != self.after or bool(self.ignores)

    @property
    def given(self) -> Given | None:
        """The context as the engine takes it."""
        if self.context is None:
            return None
        return Given({path: text.encode() for path, text in self.context.items()})


@dataclass(frozen=True, slots=True)
class Transform:
    """A transform with its promise. `counterparts`: rules of other tools that name the same matter."""

    id: str
    run: Run
    """Where the subject is a workflow, a WorkflowRun."""
    safety: Safety
    may_change: frozenset[Aspect]
    leeway: frozenset[Leeway]
    counterparts: tuple[str, ...]
    doc: str
    examples: tuple[Example, ...]
    may_remove: tuple[str, ...] = ()
    """Globs of the paths that may be missing in the image afterwards (`dockopt prove` holds it to that)."""
    may_change_paths: tuple[str, ...] = ()
    """Globs of the paths that may be other than before, or new."""
    may_drop_packages: bool = False
    """Whether packages may be missing, with the files that dpkg or apk says were theirs."""
    may_change_base: bool = False
    """Whether any path and package may be another one; configuration, libraries and smoke test must hold."""
    default: bool = True
    """Whether it runs where nobody chooses; else it is selected by its id or by a profile."""
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """What settings may tell it: the names of keyword parameters of its function, each with the words allowed.

    The first word is the parameter's default; a name without words takes any text, or a list, joined with blanks.
    """

    def configured(self, options: Mapping[str, str]) -> Transform:
        """The transform as settings want it. The options have been checked."""
        if not options:
            return self
        return replace(self, run=cast(Run, partial(cast(Any, self.run), **options)))

    subject: Subject = Subject.DOCKERFILE
    may_change_settings: tuple[str, ...] = ()
    """Fields of the image's configuration that may differ: `Labels.KEY`, `Cmd:exec` (only the form of a command)."""

    @property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        return " ".join(self.doc.split("\n\n")[0].split())


@dataclass(slots=True)
class _Collected:
    """Decorated function before `transform` makes a Transform of it."""

    run: Run | WorkflowRun
    examples: list[Example] = field(default_factory=list)


def example(
    title: str,
    diff: str,
    *,
    unsafe: bool = False,
    options: Mapping[str, str] | None = None,
    context: Mapping[str, str] | None = None,
    ignores: tuple[str, ...] = (),
) -> Callable[[Run | WorkflowRun | _Collected], _Collected]:
    """A change, written as a diff: each line begins with two blanks, `- ` or `+ `.

    Where only the ignore file changes (`ignores`), it is the file as it stands.
    """
    lines = dedent(diff).strip("\n").split("\n")
    if not any(line.startswith(("+", "-")) for line in lines):
        lines = ["  " + line for line in lines]
    before = "".join(line[2:] + "\n" for line in lines if not line.startswith("+"))
    after = "".join(line[2:] + "\n" for line in lines if not line.startswith("-"))
    return _adder(Example(title, before, after, unsafe, options or {}, context, ignores))


def unchanged(
    title: str,
    text: str,
    *,
    unsafe: bool = False,
    options: Mapping[str, str] | None = None,
    context: Mapping[str, str] | None = None,
) -> Callable[[Run | WorkflowRun | _Collected], _Collected]:
    """A file that the transform leaves alone; the title says why."""
    text = dedent(text).strip("\n") + "\n"
    return _adder(Example(title, text, text, unsafe, options or {}, context))


def _adder(item: Example) -> Callable[[Run | WorkflowRun | _Collected], _Collected]:
    def add(target: Run | WorkflowRun | _Collected) -> _Collected:
        collected = target if isinstance(target, _Collected) else _Collected(target)
        collected.examples.insert(0, item)
        return collected

    return add


def transform(
    safety: Safety,
    *,
    may_change: set[str],
    leeway: set[str] | None = None,
    counterparts: tuple[str, ...] = (),
    may_remove: tuple[str, ...] = (),
    may_change_paths: tuple[str, ...] = (),
    may_drop_packages: bool = False,
    may_change_base: bool = False,
    default: bool = True,
    options: Mapping[str, tuple[str, ...]] | None = None,
    may_change_settings: tuple[str, ...] = (),
    subject: Subject = Subject.DOCKERFILE,
) -> Callable[[Run | WorkflowRun | _Collected], Transform]:
    """Makes a Transform of a function; its id is the function's name with dashes."""

    def make(target: Run | WorkflowRun | _Collected) -> Transform:
        collected = target if isinstance(target, _Collected) else _Collected(target)
        return Transform(
            id=collected.run.__name__.replace("_", "-"),
            run=cast(Run, collected.run),
            safety=safety,
            may_change=frozenset(Aspect(name) for name in may_change),
            leeway=frozenset(Leeway(name) for name in leeway or ()),
            counterparts=counterparts,
            doc=dedent("    " + (collected.run.__doc__ or "")).strip(),
            examples=tuple(collected.examples),
            may_remove=may_remove,
            may_change_paths=may_change_paths,
            may_drop_packages=may_drop_packages,
            may_change_base=may_change_base,
            default=default,
            options=options or {},
            subject=subject,
            may_change_settings=may_change_settings,
        )

    return make
