"""Finds Dockerfiles below folders, and where it is asked for the CI files: by name, without what git ignores.

Compose and bake files tell of Dockerfiles with other names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from optimizer.cli.errors import SettingsError
from optimizer.cli.ignores import Globs, Ignores
from optimizer.cli.settings import SETTINGS_FILES, settings_for

_NAMES = re.compile(r"[Dd]ockerfile(?:[.].+)?|Containerfile.*|.+[.](?:[Dd]ockerfile|[Cc]ontainerfile)", re.S)
_OTHERS = (".dockerignore", ".containerignore", ".md", ".orig", ".rej", ".bak", ".swp", "~")
_TEMPLATES = (
    ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".gotmpl", ".template", ".erb", ".ejs", ".m4", ".in", ".mustache",
    ".hbs", ".mako", ".njk", ".liquid",
)  # fmt: skip
_MARKS = re.compile(r"\{\{|\{%|<%|%%\w+%%|@@?\w+@|^INCLUDE\(", re.M)
_NEVER = frozenset({".git", "node_modules"})
_TOLD = re.compile(rb"dockerfile[\"']?\s*[:=]\s*[\"']?([^\s\"',}#]+)")


class Found(NamedTuple):
    """A file to look at. `top`: the folder that was asked for, or the one in which the named file lies."""

    path: Path
    top: Path


def is_dockerfile(name: str) -> bool:
    """Whether a file of that name is taken for a Dockerfile."""
    return bool(_NAMES.fullmatch(name)) and not name.endswith(_OTHERS)


def is_template(name: str) -> bool:
    """Whether the name says that a program makes a file of this one: `Dockerfile.j2`, `web.Dockerfile.tmpl`."""
    return name.endswith(_TEMPLATES)


def reads_as_template(text: str) -> bool:
    """Whether a text that BuildKit would reject shows the marks of a template."""
    return _MARKS.search(text) is not None


def is_ci_file(path: Path) -> bool:
    """Whether a file is taken for one of CI: no Dockerfile by its name, and YAML."""
    return path.suffix in (".yml", ".yaml") and not is_dockerfile(path.name)


def is_known_ci_file(real: Path) -> bool:
    """Whether GitHub or GitLab would read the file with this resolved path."""
    if real.name == ".gitlab-ci.yml":
        return True
    return is_ci_file(real) and (real.parent.name, real.parent.parent.name) == ("workflows", ".github")


def find(paths: Iterable[Path], *, ci: bool = False, exclude: Sequence[str] = ()) -> Iterator[Found]:
    """The named files, and the Dockerfiles below the named folders: each file once, under its first name.

    `ci`: also the workflows of GitHub and `.gitlab-ci.yml`.
    `exclude`: patterns as in a `.gitignore` of this folder, or of the one that is searched where that lies elsewhere.
    What they or the `exclude` of settings match is passed over, but not a file that is named.

    What does not exist or cannot be listed comes too: reading it tells why.
    """
    seen: set[str] = set()
    for path in paths:
        for found in _Search(path, exclude, ci=ci).all() if path.is_dir() else [Found(path, path.parent)]:
            target = os.path.realpath(found.path)
            if target not in seen:
                seen.add(target)
                yield found


class _Search:
    """One folder, searched."""

    def __init__(self, top: Path, exclude: Sequence[str], *, ci: bool) -> None:
        self._top = top
        self._real = Path(os.path.realpath(top))
        self._ci = ci
        self._ignores = Ignores(self._real)
        here = Path(os.path.realpath(Path.cwd()))
        self._exclude = Globs(here if self._real.is_relative_to(here) else self._real, exclude)
        self._set: dict[Path, Globs | None] = {}

    def all(self) -> Iterator[Found]:
        """All files that are looked for, folder by folder; then the folders that cannot be listed."""
        closed: list[OSError] = []
        for folder, folders, files in os.walk(self._top, onerror=closed.append):
            here, real = Path(folder), Path(os.path.realpath(folder))
            self._read_settings(real, files)
            folders[:] = sorted(name for name in folders if not self._passes_over(real / name, is_folder=True))
            for name in sorted(files):
                yield from self._from(here / name, real / name)
        for error in closed:
            yield Found(Path(error.filename), self._top)

    def _from(self, path: Path, real: Path) -> Iterator[Found]:
        """The file itself, or those that it tells of."""
        wanted = is_dockerfile(_untemplated(path.name)) or (self._ci and is_known_ci_file(real))
        tells = not wanted and _may_tell_builds(path.name)
        if not (wanted or tells) or not (path.is_file() or path.is_symlink()):
            return
        if self._passes_over(real, is_folder=False):
            return
        if wanted:
            yield Found(path, self._top)
        else:
            yield from self._told_by(real)

    def _told_by(self, real: Path) -> Iterator[Found]:
        """Dockerfiles of which a Compose or bake file tells and that no name gives away."""
        if not _tells_unusual_names(real):
            return
        from optimizer.facts.context.claims import claims_of

        for target in dict.fromkeys(claim.path for claim in claims_of(real)):
            if target is None or is_dockerfile(os.path.basename(target)):  # noqa: PTH119
                continue
            path = Path(target)
            if path.is_file() and path.is_relative_to(self._real) and not self._hidden(path):
                yield Found(self._top / path.relative_to(self._real), self._top)

    def _hidden(self, path: Path) -> bool:
        """Whether a file or one of its folders, up to the one that is searched, is passed over."""
        above = [folder for folder in path.parents if self._real in folder.parents]
        for folder in reversed(above):
            if folder.parent not in self._set:
                self._read_settings(folder.parent, os.listdir(folder.parent))  # noqa: PTH208
            if self._passes_over(folder, is_folder=True):
                return True
        return self._passes_over(path, is_folder=False)

    def _passes_over(self, real: Path, *, is_folder: bool) -> bool:
        if is_folder and real.name in _NEVER:
            return True
        told = self._set.get(real.parent)
        return (
            self._ignores.match(real, is_folder=is_folder)
            or self._exclude.match(real, is_folder=is_folder)
            or (told is not None and told.match(real, is_folder=is_folder))
        )

    def _read_settings(self, real: Path, names: Sequence[str]) -> None:
        """What the settings of a folder exclude: its own, else those that hold for the folder above."""
        if real != self._real and real.parent in self._set and not any(name in SETTINGS_FILES for name in names):
            self._set[real] = self._set[real.parent]
            return
        try:
            settings = settings_for(real)
        except SettingsError:  # the outcome of each file there tells it
            settings = None
        told = settings is not None and settings.folder is not None and settings.exclude
        self._set[real] = Globs(settings.folder, settings.exclude) if settings and settings.folder and told else None


def _untemplated(name: str) -> str:
    """The name of what is made of a template; the name itself for any other file."""
    return name[: name.rindex(".")] if is_template(name) and not is_dockerfile(name) else name


def _may_tell_builds(name: str) -> bool:
    return name.endswith((".yml", ".yaml", ".hcl", ".json")) and ("compose" in name or "bake" in name)


def _tells_unusual_names(path: Path) -> bool:
    """Whether a Compose or bake file names a Dockerfile that is not called one: asked before it is parsed."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return any(
        not is_dockerfile(os.fsdecode(name).rpartition("/")[2])
        for name in _TOLD.findall(content)
        if not name.startswith((b"$", b"|", b">"))
    )
