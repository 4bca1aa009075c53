"""Contexts and builds out of texts, for the tests of the cache model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.cache import Base, Build, Builder, Plan, plan
from optimizer.cache.ignores import left_out
from optimizer.facts import Facts
from optimizer.facts.context import File, IgnoreFile, folders_above
from optimizer.facts.context.ignore import patterns_in
from optimizer.syntax.parser import parse

FILES = {
    "a.txt": "at",
    "b.txt": "bt",
    "d/a": "a",
    "d/b": "b",
    "d/sub/c": "c",
    "f1": "one",
    "f2": "two",
    "f3": "three",
}


class Sketch(Struct, frozen=True, dict=True):
    """A context out of texts, modes (octal) and links, less what its `.dockerignore` leaves out."""

    texts: Mapping[str, str]
    modes: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    ignored: Mapping[str, int] | None = None

    @cached_property
    def ignore_file(self) -> IgnoreFile | None:
        text = self.texts.get(".dockerignore")
        return None if text is None else IgnoreFile(".dockerignore", patterns_in(text.encode()) or ())

    @cached_property
    def files(self) -> Mapping[str, File]:
        out = left_out(self.ignore_file.patterns if self.ignore_file else ())
        return {
            path: File(path, 1, int(self.modes.get(path, "644"), 8), self.links.get(path))
            for path in sorted({**self.texts, **self.links})
            if not out(path)
        }

    @cached_property
    def folders(self) -> Collection[str]:
        return folders_above(self.files)

    def content(self, path: str) -> bytes | None:
        text = self.texts.get(path)
        return None if text is None else text.encode()

    def head(self, path: str, size: int) -> bytes | None:
        content = self.content(path)
        return None if content is None else content[:size]

    def digest(self, path: str) -> str | None:
        return self.texts.get(path)


def planned(text: str, files: Mapping[str, str] = FILES, **more: Any) -> Plan:
    """The plan of a file in a context of texts."""
    return plan(Build(Facts(parse(text), Sketch(files)), **more))


def states(row: Mapping[str, Any], builder: Builder) -> tuple[Build, Build]:
    """The builds before and after the change of a row of `table.toml`."""
    text = row["file"]
    after = row.get("to", text).replace(row.get("from", "\0"), row.get("by", ""), 1)
    given = {**FILES, **row.get("given", {})}
    changed = {path: text for path, text in given.items() if path not in row.get("remove", ())}
    changed |= row.get("content", {})
    links = row.get("given-link", {})
    old = Sketch({**given, "Dockerfile": text}, {}, links)
    new = Sketch({**changed, "Dockerfile": after}, row.get("mode", {}), {**links, **row.get("link", {})})
    first = Build(Facts(parse(text), old), builder)
    second = Build(Facts(parse(after), new), builder)
    return _given(first, row, 0), _given(second, row, 1)


def _given(build: Build, row: Mapping[str, Any], which: int) -> Build:
    """The build with what the pairs of the row say of it."""

    def of(name: str) -> Any:
        return row[name][which] if name in row else {}

    return replace(
        build,
        arguments=of("arguments"),
        outputs={tuple(place.split()): value for place, value in of("outputs").items()},
        remotes=of("remotes"),
        options=of("options"),
        bases={name: Base(layers, identity) for name, (layers, identity) in of("bases").items()},
        contexts={"ctx": Sketch(of("contexts"))} if "contexts" in row else {},
        target=of("target") or None,
        uncached=frozenset(row.get("uncached", ()) if which else ()),
    )
