"""With which context a Dockerfile is built: what Compose and bake files say, else where its sources lie.

Where two answers fit, there is none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

from msgspec import Struct

from optimizer.facts import Facts
from optimizer.facts.context import Missing, Start
from optimizer.facts.context.claims import Claim, claims_of, tells_builds
from optimizer.facts.context.globs import BadPattern, glob, has_wildcard
from optimizer.facts.copies import is_remote, normalised

_MOST_NAMES = 2000
"""Of a folder; in larger ones no Compose file is looked for."""
_MOST_FOLDERS = 200
_SKIPPED = frozenset({".git", "node_modules", "vendor", ".venv", "venv"})
_OF_BUILDS = re.compile(
    r"[Dd]ockerfile.*|[Cc]ontainerfile.*|.*[Dd]ockerfile|\.(docker|container|git)ignore|.*compose.*\.ya?ml"
)


class Chosen(Struct, frozen=True):
    """The root of a context, and why it was taken, for people."""

    root: Path
    why: str


class Told:
    """What Compose and bake files say of Dockerfiles; read once, for all that share a folder or one above it."""

    def __init__(self) -> None:
        self.of = cache(_claims_in)
        self._repository = cache(self._repository_of)
        self._below = cache(self._claims_below)

    def about(self, dockerfile: Path, folders: Sequence[Path]) -> Iterator[Claim]:
        """What is said of it in its folder and those above (`folders`), and one level below the highest."""
        real = os.path.realpath(dockerfile)
        for folder in folders:
            yield from (claim for _, claim in self.of(folder).about(dockerfile, real))
        for folder, claim in self._below(folders[-1]).about(dockerfile, real):
            if folder not in folders:
                yield claim

    def folders(self, dockerfile: Path, top: Path) -> list[Path]:
        """The Dockerfile's folder and those above it, up to the repository's root, else to the top; else itself."""
        own = Path(os.path.normpath(Path.cwd() / dockerfile)).parent
        above = [own, *own.parents]
        root = self._repository(own)
        if root is None:
            top = Path(os.path.normpath(Path.cwd() / top))
            root = top if top in above else own
        return above[: above.index(root) + 1]

    def _repository_of(self, folder: Path) -> Path | None:
        if (folder / ".git").exists():
            return folder
        return self._repository(folder.parent) if folder.parent != folder else None

    def _claims_below(self, root: Path) -> _Claims:
        below = [root / name for name in _names(root) if name not in _SKIPPED]
        folders = islice(sorted(path for path in below if path.is_dir() and not path.is_symlink()), _MOST_FOLDERS)
        return _Claims(entry for folder in folders for entry in self.of(folder).entries)


class _Claims:
    """Claims with the folders of their files: found by the Dockerfile that they are about, not one after another."""

    def __init__(self, entries: Iterable[tuple[Path, Claim]]) -> None:
        self.entries = tuple(entries)
        self._clear: dict[str, list[int]] = {}
        self._vague: list[int] = []
        for number, (_, claim) in enumerate(self.entries):
            path = claim.path
            (self._vague if path is None else self._clear.setdefault(path, [])).append(number)

    def about(self, dockerfile: Path, real: str) -> list[tuple[Path, Claim]]:
        """Those that may mean the Dockerfile, which lies at the real path."""
        if not self.entries:
            return []
        vague = [number for number in self._vague if self.entries[number][1].may_mean(dockerfile)]
        return [self.entries[number] for number in sorted([*self._clear.get(real, ()), *vague])]


def _claims_in(folder: Path) -> _Claims:
    return _Claims(
        (folder, claim) for name in _names(folder) if tells_builds(name) for claim in claims_of(folder / name)
    )


def choose(dockerfile: Path, top: Path, sources: Collection[str], told: Told) -> Chosen | Missing:
    """The context of a Dockerfile, given its sources (`sources_of`) and what Compose and bake files say.

    `top`: the highest folder that comes into question where there is no repository.
    """
    folders = told.folders(dockerfile, top)
    said = list(told.about(dockerfile, folders))
    clear = {claim.context: claim for claim in said if claim.path is not None and claim.context is not None}
    roots = dict.fromkeys([*(Path(context) for context in clear), *folders])
    held = {root: frozenset(source for source in sources if _holds(root, source)) for root in roots}
    most = frozenset().union(*held.values())
    if clear:
        fit = [claim for context, claim in clear.items() if held[Path(context)] == most]
        if len(fit) == 1:
            return Chosen(Path(fit[0].context or ""), f"as {fit[0].by} says")
        if fit:
            return Missing(f"{fit[0].by} and {fit[1].by} build it with different contexts")
        return Missing(f"{next(iter(clear.values())).by} builds it with a context that lacks files which it copies")
    found = _by_sources(dockerfile, folders, held, most)
    if said and (isinstance(found, Missing) or not most or sum(held[root] == most for root in roots) > 1):
        return Missing(f"{said[0].by} may build it, and what it says of the context cannot be read")
    return found


def starts_of(dockerfile: Path, top: Path, told: Told) -> tuple[Start, ...]:
    """What Compose files start of the image; of several images what they start of any."""
    claims = told.about(dockerfile, told.folders(dockerfile, top))
    return tuple(dict.fromkeys(start for claim in claims for start in claim.starts))


def sources_of(facts: Facts) -> tuple[str, ...]:
    """What a Dockerfile names of its context: sources of COPY, ADD and bind mounts, not the whole of it."""
    found = [
        source
        for instruction, copy in facts.copies.items()
        if instruction is copy.instruction and copy.origin is None and not copy.parents
        for source in copy.sources
        if source and not is_remote(source)
    ]
    for run in facts.runs:
        mounts = facts.mounts(run)
        found += [
            m.source for m in mounts if m.kind == "bind" and not m.source_stage and m.source and "$" not in m.source
        ]
    return tuple(dict.fromkeys(path for path in map(normalised, found) if path != "."))


def _by_sources(
    dockerfile: Path, folders: list[Path], held: dict[Path, frozenset[str]], most: frozenset[str]
) -> Chosen | Missing:
    own = folders[0]
    if held[own] == most:
        if most or len(folders) == 1 or not _holds_builds_only(own):
            return Chosen(own, "the folder of the Dockerfile")
        return Missing(f"beside `{dockerfile.name}` is nothing to copy; `--context` says where it is")
    fit = [folder for folder in folders if held[folder] == most]
    if len(fit) == 1:
        return Chosen(fit[0], "the folder that holds what is copied")
    if fit:
        return Missing(f"what is copied is in `{fit[0]}` and in `{fit[1]}`; `--context` says which it is")
    return Missing("what is copied lies in more than one folder; `--context` says which it is")


def _names(folder: Path) -> list[str]:
    """The names in a folder, sorted; none where it cannot be read, the first ones where it is large."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in islice(entries, _MOST_NAMES))
    except OSError:
        return []


def _holds_builds_only(folder: Path) -> bool:
    return all(_OF_BUILDS.fullmatch(name) for name in _names(folder))


def _holds(root: Path, source: str) -> bool:
    """Whether a source is there, ignored or not."""
    found = [root]
    for part in source.split("/"):
        if has_wildcard(part):
            try:
                matcher = glob(part)
            except BadPattern:
                return False
            found = [folder / name for folder in found[:50] for name in _names(folder) if matcher.fullmatch(name)]
        else:
            found = [folder / part for folder in found if os.path.lexists(folder / part)]
    return bool(found)
