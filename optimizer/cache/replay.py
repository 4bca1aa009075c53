"""A history built commit by commit: what each commit makes a builder do again, for a file as it is and rewritten.

The builder keeps all that it ever built; the first commit of the row fills its cache. A rewrite is made at each commit,
from what the repository holds there: as if dockopt had been used all along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct, field

from optimizer.cache.builds import Build, Builder
from optimizer.cache.estimates import seconds
from optimizer.cache.git import Entry, Repository, walked
from optimizer.cache.plans import Plan, plan
from optimizer.cache.snapshots import Snapshot, context_of, snapshot
from optimizer.cache.steps import Step
from optimizer.cache.verdicts import Outcome, judge
from optimizer.cache.watched import Watched
from optimizer.facts import Context, Facts
from optimizer.facts.context.globs import BadPattern
from optimizer.facts.context.history import History
from optimizer.syntax.parser import parse


class Rewritten(Struct, frozen=True):
    """A Dockerfile after a rewrite, and other files of the context that were changed with it."""

    text: str
    files: Mapping[str, bytes] = field(default_factory=dict)


Rewrite = Callable[[str, Context], Rewritten]


def with_ignored(text: str, patterns: Sequence[str], context: Context) -> Rewritten:
    """The rewrite to a text, with patterns behind those of the context's ignore file."""
    if not patterns:
        return Rewritten(text)
    old = context.ignore_file
    lines = (*(old.patterns if old is not None else ()), *patterns, "")
    return Rewritten(text, {old.path if old is not None else ".dockerignore": "\n".join(lines).encode()})


def as_it_is(text: str, context: Context) -> Rewritten:
    """The rewrite that changes nothing."""
    return Rewritten(text)


class Rebuild(Struct, frozen=True):
    """What one commit costs. Steps and seconds of the whole build, and of what runs again."""

    commit: str
    steps: int
    again: int
    seconds: float
    seconds_again: float


class Replay(Struct, frozen=True):
    """What became of one file; `rebuilds` by the name of the rewrite, for the same commits in the same order."""

    dockerfile: str
    context: str
    rebuilds: Mapping[str, tuple[Rebuild, ...]]
    skipped: Mapping[str, int]
    """Commits that could not be judged, by the reason."""
    often: Mapping[str, Mapping[str, tuple[int, float]]] = field(default_factory=dict)
    """By the rewrite, then by the step's text: how often it ran again, and the seconds of it all together."""

    def steps(self, name: str) -> float:
        """The share of the steps that ran again, over all commits."""
        return _share((r.again, r.steps) for r in self.rebuilds[name])

    def seconds(self, name: str) -> float:
        """The share of the seconds that ran again."""
        return _share((r.seconds_again, r.seconds) for r in self.rebuilds[name])

    def total(self, name: str) -> float:
        """The seconds that ran again, over all commits."""
        return sum(r.seconds_again for r in self.rebuilds[name])

    def count(self, name: str) -> int:
        """The steps that ran again, over all commits."""
        return sum(r.again for r in self.rebuilds[name])


def _share(pairs: Iterable[tuple[float, float]]) -> float:
    found = list(pairs)
    whole = sum(all_of for _, all_of in found)
    return sum(again for again, _ in found) / whole if whole else 0.0


def replay(
    repository: Repository,
    dockerfile: str,
    commits: Iterable[str],
    rewrites: Mapping[str, Rewrite],
    *,
    context: str | None = None,
    build: Callable[[Facts], Build] = lambda facts: Build(facts, Builder.BUILDKIT),
    git_folder: bool = True,
    past: History | None = None,
) -> Replay:
    """Build the commits one after the other. `dockerfile` and `context` are paths from the top of the repository.

    `context` None: its folder, or the one above it that holds what it copies. `git_folder`: whether a context that is
    the repository's top holds `.git` (it does for `docker build .`, not where a builder fetches the repository).
    `past`: what the commits before these changed, which a rewrite may go by.
    """
    walk = _Walk(repository, dockerfile, rewrites, context, build, git_folder, past)
    for commit, tree, changed in walked(repository, commits):
        walk.step(commit, tree, [path for path, _ in changed])
    return Replay(
        dockerfile,
        walk.context or ".",
        {name: tuple(variant.rebuilds) for name, variant in walk.variants.items()},
        walk.skipped,
        {name: variant.often for name, variant in walk.variants.items()},
    )


class _Variant(Struct):
    """One way to write the file: what the builder has in its cache, and what was built."""

    rewrite: Rewrite
    cached: set[str] = field(default_factory=set)
    rebuilds: list[Rebuild] = field(default_factory=list)
    often: dict[str, tuple[int, float]] = field(default_factory=dict)
    whole: tuple[int, float] = (0, 0.0)
    """Steps and seconds of the newest build."""
    _last: tuple[str, Watched, Rewritten] | None = None

    def rewritten(self, text: str, context: Context) -> Rewritten:
        """The file rewritten; asked again only where something that the rewrite looked at has changed."""
        if self._last is not None and self._last[0] == text and self._last[1].holds_for(context):
            return self._last[2]
        watched = Watched(context)
        result = self.rewrite(text, watched)
        self._last = text, watched, result
        return result


class _Walk(Struct):
    """Moves from commit to commit. `full`: whether the caches hold a whole build."""

    repository: Repository
    dockerfile: str
    rewrites: Mapping[str, Rewrite]
    context: str | None
    build: Callable[[Facts], Build]
    git_folder: bool
    past: History | None = None
    full: bool = False
    skipped: dict[str, int] = field(default_factory=dict)
    variants: dict[str, _Variant] = field(default_factory=dict)
    _trees: dict[str, Facts] = field(default_factory=dict)
    _stale: bool = True
    _last: tuple[Facts, Snapshot, Plan] | None = None

    def __post_init__(self) -> None:
        self.variants = {name: _Variant(rewrite) for name, rewrite in self.rewrites.items()}

    def step(self, commit: str, tree: Mapping[str, Entry], changed: Sequence[str]) -> None:
        """Build one commit in all ways, if it can be built."""
        entry = tree.get(self.dockerfile)
        content = self.repository.blob(entry.blob) if entry else None
        if content is None:
            self._skip("there is no such Dockerfile")
            return
        if self.context is None:
            self.context = context_of(content, self.dockerfile, tree)
        if not self._stale and not self._touched(changed):
            self._repeat(commit)
            return
        self.repository.measure(tree[path].blob for path in changed if path in tree and self._inside(path))
        given = snapshot(
            self.repository,
            tree,
            commit,
            self.dockerfile,
            self.context or "",
            git_folder=self.git_folder,
            past=self.past,
        )
        try:
            built = {name: self._built(v, content, given) for name, v in self.variants.items()}
        except BadPattern:
            self._skip("BuildKit rejects the ignore file")
            return
        why = next((result for result in built.values() if isinstance(result, str)), None)
        if why is not None:
            self._skip(why)
            return
        for name, steps in built.items():
            if not isinstance(steps, str):
                self._add(commit, self.variants[name], steps)
        self.full, self._stale = True, False

    def _skip(self, why: str) -> None:
        self.skipped[why] = self.skipped.get(why, 0) + 1
        self._stale = True

    def _inside(self, path: str) -> bool:
        return not self.context or path.startswith(self.context + "/")

    def _touched(self, changed: Sequence[str]) -> bool:
        if not self.context and self.git_folder:
            return True
        return any(self._inside(path) or path == self.dockerfile for path in changed)

    def _repeat(self, commit: str) -> None:
        for variant in self.variants.values():
            steps, all_seconds = variant.whole
            variant.rebuilds.append(Rebuild(commit, steps, 0, all_seconds, 0.0))

    def _built(self, variant: _Variant, content: bytes, given: Snapshot) -> str | dict[Step, tuple[bool, float]]:
        """The steps with what becomes of each (run again, seconds); a text where the commit cannot be judged."""
        text = content.decode("utf-8", "surrogateescape")
        if not given.files:  # Raises here what a rewrite must not see.
            return "the build context is empty"
        rewritten = variant.rewritten(text, given)
        if rewritten.text != text or rewritten.files:
            files = dict(rewritten.files)
            if given.dockerfile in given.entries:
                files[given.dockerfile] = rewritten.text.encode("utf-8", "surrogateescape")
            given = given.with_files(files)
        plain = self._tree(rewritten.text)
        if plain.problems:
            return "BuildKit rejects the Dockerfile"
        verdicts = judge(self._planned(plain, given), cached=variant.cached)
        if any(verdict.outcome is Outcome.FAILS for verdict in verdicts):
            return "it copies files that are not in git"
        return {v.step: (v.runs, seconds(v.step, plain)) for v in verdicts if v.outcome is not Outcome.UNUSED}

    def _planned(self, plain: Facts, given: Snapshot) -> Plan:
        """The plan; the one of the way before, where that has the same file in the same context."""
        if self._last is None or self._last[0] is not plain or self._last[1] is not given:
            facts = Facts(plain.tree, given)
            facts.inherit(plain)
            self._last = plain, given, plan(self.build(facts))
        return self._last[2]

    def _tree(self, text: str) -> Facts:
        if text not in self._trees:
            self._trees[text] = Facts(parse(text.encode("utf-8", "surrogateescape")))
        return self._trees[text]

    def _add(self, commit: str, variant: _Variant, steps: Mapping[Step, tuple[bool, float]]) -> None:
        """Count each key once: what two stages share is built once."""
        once = {step.key: (step, *told) for step, told in steps.items()}
        again = [(step, cost) for step, runs, cost in once.values() if runs]
        variant.whole = len(once), sum(cost for *_, cost in once.values())
        if self.full:
            variant.rebuilds.append(
                Rebuild(commit, variant.whole[0], len(again), variant.whole[1], sum(c for _, c in again))
            )
            for step, cost in again:
                times, sum_of = variant.often.get(step.title, (0, 0.0))
                variant.often[step.title] = (times + 1, sum_of + cost)
        variant.cached |= once.keys()
