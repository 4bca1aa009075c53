"""C and C++: what a compiler links, and what a plain Makefile builds and installs.

Sources: gcc(1), ld(1); GNU make manual (automatic variables, conditional assignment).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from optimizer.facts.calls import Call
from optimizer.facts.stacks.site import Product, Site

_COMPILERS = ("gcc", "cc", "clang", "g++", "c++", "clang++")
_ONLY_COMPILES = {"-c", "-E", "-S", "-shared", "-M", "-MM", "--version", "-v", "-dumpmachine"}
_LIBRARY = re.compile(r"(?<![\w-])-l(\w+)")
_VARIABLE = re.compile(r"^(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*([:?+]?)=[ \t]*(.*)$", re.M)
_RULE = re.compile(r"^([\w./$(){} -]+?)[ \t]*:(?!=)[^\n]*\n((?:\t[^\n]*\n?)*)", re.M)
_BUILDS = ("", "all", "build", "release")


def c(site: Site, call: Call) -> tuple[Product, ...] | None:
    """What a compiler or make makes; None where the call is of neither."""
    if call.name in _COMPILERS:
        return _linked(site, call)
    if call.name == "make":
        return _made(site, call)
    return None


def _linked(site: Site, call: Call) -> tuple[Product, ...]:
    words = [site.value(word) or word.text for word in call.words[1:]]
    if _ONLY_COMPILES & set(words):
        return ()
    at = words.index("-o") + 1 if "-o" in words else len(words)
    path = site.path(call.words[at + 1]) if at < len(words) else site.path("a.out")
    if path is None:
        raise site.unknown("where the compiler writes is not known")
    if any(word.startswith("$") or "`" in word for word in words):
        raise site.unknown("what the compiler links is not known")
    return (_product(site, path, " ".join(words), call.name or ""),)


def _product(site: Site, path: str, flags: str, compiler: str) -> Product:
    """A program with what its flags link it to. Raises Unknown for a library that is not in the table."""
    if re.search(r"(?<![\w-])-static(?![\w-])", flags):
        return Product(path)
    rows = site.stack.libraries
    names = [name for name in _LIBRARY.findall(flags) if name != "stdc"]
    if strange := next((name for name in names if name not in rows), None):
        raise site.unknown(f"which package brings `-l{strange}` is not known")
    plus = "++" in compiler
    if "-fopenmp" in flags or (plus and site.builder.names[0] == "gcc"):
        raise site.unknown("it is linked to a library of the compiler's own release")
    libc = site.system_libc
    libraries = tuple(dict.fromkeys(rows[name] for name in names if rows[name]))
    return Product(path, "cc" if plus and libc == "glibc" else libc, True, libraries)


def _made(site: Site, call: Call) -> tuple[Product, ...]:
    """What make builds, by a Makefile that is read line by line. Raises Unknown where that is not enough."""
    words = [site.value(word) or "" for word in call.words[1:]]
    given = dict(word.split("=", 1) for word in words if "=" in word and not word.startswith("-"))
    goals = [word for word in words if word and "=" not in word and not word.startswith("-")] or [""]
    if any(re.match(r"-[CfI]|--(file|directory)", word) for word in words) or site.folder is None:
        raise site.unknown("which Makefile `make` reads is not known")
    text = next(
        (t for name in ("GNUmakefile", "makefile", "Makefile") if (t := site.content(f"{site.folder}/{name}"))), None
    )
    if text is None or re.search(r"^-?include\b|\$\(shell|\$\(MAKE\)|^define\b", text, re.M):
        raise site.unknown("what `make` makes is not known")
    makefile = _Makefile(site, text.replace("\\\n", " "), given)
    found: list[Product] = []
    for goal in goals:
        if goal in _BUILDS:
            found += makefile.programs()
        elif goal == "install":
            found += makefile.installed()
        elif goal not in ("clean", "test", "check", "distclean"):
            raise site.unknown(f"what `make {goal}` makes is not known")
    return tuple(found)


class _Makefile:
    """The variables and rules of a plain Makefile."""

    def __init__(self, site: Site, text: str, given: Mapping[str, str]) -> None:
        self._site = site
        self._values = {"CC": "cc", "CXX": "c++"}
        for name, _, value in _VARIABLE.findall(text):
            self._values[name] = value.split("#")[0].strip()
        self._values |= given
        rules = [(self._expanded(names).split(), body) for names, body in _RULE.findall(text)]
        self._rules: Sequence[tuple[list[str], str]] = rules

    def _expanded(self, text: str, depth: int = 0) -> str:
        if depth > 9:
            return text
        found = re.sub(r"\$[({](\w+)[)}]", lambda match: self._values.get(match[1], ""), text)
        return found if found == text else self._expanded(found, depth + 1)

    def programs(self) -> Iterator[Product]:
        """What the rules link. A rule without commands makes nothing here, `make` knows those for objects."""
        for names, body in self._rules:
            for line in self._lines(body, names):
                words = line.split()
                if not words or posixpath.basename(words[0]) not in _COMPILERS or _ONLY_COMPILES & set(words):
                    continue
                if "-o" in words[:-1] and (path := self._site.path(words[words.index("-o") + 1])) is not None:
                    yield _product(self._site, path, line, posixpath.basename(words[0]))

    def installed(self) -> Iterator[Product]:
        """What the rule `install` puts elsewhere, of what the others make."""
        made = {one.path: one for one in self.programs()}
        for names, body in self._rules:
            for line in self._lines(body, names) if "install" in names else ():
                words = [word for word in line.split() if not re.fullmatch(r"-\w*|0?[0-7]{3}", word)]
                if words[:1] in (["mkdir"], ["install"]) and len(words) == 2:
                    continue
                paths = [self._site.path(word) for word in words[1:]]
                if words[:1] not in (["install"], ["cp"]) or len(paths) != 2 or None in paths:
                    raise self._site.unknown("what `make install` puts where is not known")
                origin, target = paths[0] or "", paths[1] or ""
                if origin not in made:
                    raise self._site.unknown("what `make install` puts where is not known")
                target = posixpath.join(target, posixpath.basename(origin)) if target.endswith("/") else target
                one = made[origin]
                yield replace(one, sure=False)
                yield replace(one, path=target)

    def _lines(self, body: str, names: Sequence[str]) -> Iterator[str]:
        for line in body.splitlines():
            text = line.strip().lstrip("@-+").replace("$@", names[0] if names else "")
            yield self._expanded(text.replace("$(@)", names[0] if names else ""))
