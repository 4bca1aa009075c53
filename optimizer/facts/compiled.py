"""What the installers of languages that a stage runs need of the system: compilers and headers, by the rows.

What no row knows may be compiled, so it is a doubt.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.calls import Call
from optimizer.facts.runtime_needs.started import files_of
from optimizer.facts.tables import json_object
from optimizer.facts.tools import tool_call
from optimizer.knowledge.native import native
from optimizer.syntax.nodes import Instruction

_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*(.*)")
_PIN = re.compile(r"={2,3}\s*([\w.!+-]+)")
_LOCKED_GEM = re.compile(r"^    ([\w.-]+) \((.*)\)$", re.M)
_FILE_OPTIONS = ("-r", "--requirement", "-c", "--constraint")
_VALUE_OPTIONS = (
    *("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host", "-t", "--target", "--prefix"),
    *("--root", "--timeout", "--default-timeout", "--retries", "--cache-dir", "--progress-bar", "--upgrade-strategy"),
    *("--proxy", "--cert", "--root-user-action", "--use-feature", "--use-deprecated", "--log", "--src"),
)
_LISTED_NAMES = 3


class Wanted(Struct, frozen=True):
    """Packages of Debian that an install needs. `why`: a clause for people."""

    packages: tuple[str, ...]
    why: str


class Doubt(Struct, frozen=True):
    """Why it is not known what is needed, as a clause for people."""

    why: str


def compiled(facts: Facts, stage: BuildStage, run: Instruction, version: str, trusted: Sequence[str]) -> _Found:
    """What the installers need that a RUN calls. `version`: of the language; `trusted`: names that need nothing."""
    for call in facts.calls(run):
        found = tool_call(call)
        tool = found.tool.name if found is not None else ""
        walk = _Walk(facts, stage, run, version, frozenset(trusted))
        match tool:
            case "pip" if found is not None and "install" in found.verb.split():
                yield from walk.pip(call)
            case "npm" | "yarn" | "yarn-berry" | "pnpm" if found is not None and _installs(found.verb):
                yield from walk.javascript(call, found.operands)
            case "bundler" if found is not None and found.verb in ("install", "update", ""):
                yield from walk.bundler()
            case "gem" if found is not None and found.verb == "install":
                for word in found.operands:
                    yield from walk.gem(word.literal or word.text, "`gem install`")
            case "poetry" | "uv" | "pipenv" | "bun" | "conda":
                yield Doubt(f"`{tool}` may compile what it installs")


_Found = Iterator[Wanted | Doubt]


def _installs(verb: str) -> bool:
    return verb in ("", "install", "i", "ci", "add", "clean-install", "global add")


class _Walk:
    def __init__(self, facts: Facts, stage: BuildStage, run: Instruction, version: str, trusted: frozenset[str]):
        self._facts, self._version, self._trusted = facts, ".".join(version.split(".")[:2]), trusted
        self._files = files_of(facts, stage)
        self._folder = facts.scopes[run].folder or "/"

    def _read(self, name: str) -> str | None:
        path = self._files.get(posixpath.normpath(posixpath.join(self._folder, name)))
        content = self._facts.context.content(path) if path is not None and self._facts.context is not None else None
        return None if content is None else content.decode("utf-8", "replace")

    def pip(self, call: Call) -> _Found:
        """What `pip install` is given."""
        words = [word.literal for word in call.words]
        at = words.index("install") + 1 if "install" in words else len(words)
        lines: list[tuple[str, str]] = []
        while at < len(words):
            word = words[at]
            at += 1
            if word is None or word.startswith(("--no-binary", "-e", "--editable")):
                yield Doubt(f"`pip install` is given `{call.words[at - 1].text}`")
                return
            name, equals, value = word.partition("=")
            if name in _FILE_OPTIONS or (word[:2] in ("-r", "-c") and word[1:2] != "-"):
                file = value if equals else word[2:] if len(word) > 2 and word[1] != "-" else words[at] or ""
                at += not equals and (len(word) == 2 or word[1] == "-")
                yield from self._requirements(file)
            elif word in _VALUE_OPTIONS:
                at += 1
            elif not word.startswith("-"):
                lines.append((word, "`pip install`"))
        yield from self._judged(lines)

    def _requirements(self, name: str, depth: int = 0) -> _Found:
        text = self._read(name)
        if text is None or depth > 4:
            yield Doubt(f"`{name}` is not known")
            return
        lines = []
        for raw in re.sub(r"\\\r?\n", " ", text).splitlines():
            line = re.sub(r"(^|\s)#.*", "", raw).strip()
            nested = re.match(r"(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)", line)
            if nested:
                yield from self._requirements(posixpath.join(posixpath.dirname(name), nested[1]), depth + 1)
            elif line.startswith(("-e", "--editable", "--no-binary")):
                yield Doubt(f"`{name}` asks for `{line}`")
            elif line and not line.startswith("-"):
                lines.append((line, f"`{name}`"))
        yield from self._judged(lines)

    def _judged(self, lines: Sequence[tuple[str, str]]) -> _Found:
        """Each requirement by the rows; the names that these do not know in one sentence."""
        unknown: dict[str, list[str]] = {}
        for line, by in lines:
            found = _REQUIREMENT.fullmatch(line)
            if "://" in line or "git+" in line or line.startswith((".", "/")) or found is None or found[3][:1] == "/":
                yield Doubt(f"{by} builds `{line}`")
                continue
            name = re.sub(r"[-_.]+", "-", found[1]).lower()
            said = self._python(name, found[2] or "", found[3], by)
            if isinstance(said, Doubt) and not said.why:
                unknown.setdefault(by, []).append(name)
            elif said is not None:
                yield said
        for by, names in unknown.items():
            yield Doubt(f"{_listed(names)} of {by} may be compiled: no row says that it comes built")

    def _python(self, name: str, extras: str, rest: str, by: str) -> Wanted | Doubt | None:
        """None: nothing is needed. A doubt without words: no row."""
        table = native().python
        if name in self._trusted or name in table.plain or (name.startswith("psycopg") and "binary" in extras):
            return None
        if name in native().builds["python"]:
            return Wanted(native().builds["python"][name], f"`{name}` of {by} is compiled")
        if name not in table.wheels:
            return Doubt("")
        pin = _PIN.search(rest)
        if pin is None and "<" not in rest and "~" not in rest:
            return None
        first = table.wheels[name].get(self._version)
        if pin is not None and first is not None and _numbers(pin[1]) >= _numbers(first):
            return None
        return Doubt(f"no row says that `{name}{rest.split(';')[0].strip()}` of {by} comes built for this Python")

    def javascript(self, call: Call, operands: Sequence[object]) -> _Found:
        """What a lock file says of packages that are compiled, or that run a script when they are installed."""
        table = native().javascript
        named = [word.literal or "" for word in call.words if word in operands]
        known = {*table.programs, *self._trusted}
        if named:
            names = [re.sub(r"(?<=.)@.*", "", name) for name in named]
            if strange := [name for name in names if name not in known]:
                yield Doubt(f"{_listed(strange)} may be compiled")
            return
        for lock in ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"):
            text = self._read(lock)
            if text is not None:
                yield from _of_npm_lock(text, self._trusted) if lock.endswith(".json") else _of_text_lock(text, lock)
                if any(re.search(rf"[\"'/\s]{re.escape(one)}[\"'@:]", text) for one in table.needs_openssl):
                    yield Wanted(("openssl",), "the engines of Prisma look for OpenSSL")
                return
        found = json_object(self._read("package.json"))
        if found is None or found.get("dependencies") or found.get("devDependencies"):
            yield Doubt("no lock file tells which packages are compiled")

    def bundler(self) -> _Found:
        """The gems of the lock file."""
        text = self._read("Gemfile.lock")
        if text is None:
            yield Doubt("`Gemfile.lock` is not known")
            return
        if "\nGIT\n" in f"\n{text}" or "\nPATH\n" in f"\n{text}":
            yield Doubt("`Gemfile.lock` names sources that are built")
        for name, version in _LOCKED_GEM.findall(text):
            if not version.endswith(("-linux", "-linux-gnu", "-java", "-mingw32", "-darwin")):
                yield from self.gem(name, "`Gemfile.lock`")

    def gem(self, name: str, by: str) -> _Found:
        """One gem by the rows."""
        builds = native().builds["ruby"]
        if name in builds:
            yield Wanted(builds[name], f"`{name}` of {by} is compiled")
        elif name not in native().ruby.plain and name not in self._trusted:
            yield Doubt(f"`{name}` of {by} may be compiled: no row says that it is not")


def _of_npm_lock(text: str, trusted: frozenset[str]) -> _Found:
    """npm's own lock file says which packages run a script when they are installed (lockfileVersion 2 and later)."""
    packages = (json_object(text) or {}).get("packages")
    if not isinstance(packages, dict):
        yield from _of_text_lock(text, "the lock file")
        return
    allowed = {*native().javascript.idle, *trusted}
    for path, one in packages.items():
        name = path.rpartition("node_modules/")[2]
        if not isinstance(one, dict) or not name:
            continue
        if str(one.get("resolved", "")).startswith("git"):
            yield Wanted(("git", "openssh-client"), f"`{name}` comes from a repository")
            yield Doubt(f"`{name}` is built from a repository")
        if one.get("hasInstallScript") and name not in allowed:
            yield Doubt(f"`{name}` runs a script when it is installed, which may compile")


def _of_text_lock(text: str, lock: str) -> _Found:
    """Whatever compiles depends on one of the packages that help with it."""
    for mark in native().javascript.marks:
        if re.search(rf"(?m)(?:^|[\s\"'/]){re.escape(mark)}(?:[\"'@:(]|$)", text):
            yield Doubt(f"{lock} names `{mark}`, so something may be compiled")
            return
    if re.search(r"git\+|codeload\.github\.com|\bgithub:", text):
        yield Doubt(f"{lock} names packages that are built from a repository")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_LISTED_NAMES])
    more = len(names) - _LISTED_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))[:4]
