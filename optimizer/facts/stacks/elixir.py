"""Elixir: the release that `mix release` puts together, which holds the Erlang run-time system.

Sources: documentation of Mix.Tasks.Release (options, `include_erts`, `path`), Mix (MIX_ENV, MIX_BUILD_PATH).
"""

from __future__ import annotations

import posixpath
import re

from optimizer.facts.calls import Call
from optimizer.facts.stacks.site import Product, Site

_APPLICATION = re.compile(r"\bapp:\s*:(\w+)")
_DEFAULT = re.compile(r"\bdefault_release:\s*:(\w+)")
_RELEASES = re.compile(r"\breleases:\s*(\[|[a-z_]\w*(?:\(\))?)")
_NAME = re.compile(r"\b(\w+):\s*\[")
_LOCKED = re.compile(r'^\s*"([\w-]+)":\s*\{(.*)$', re.M)
_NATIVE = re.compile(r"\[[^\[\]]*:make\b[^\[\]]*\]|:elixir_make\b|:rustler\b|:cc_precompiler\b|:zigler\b")
_OWN = {"include_erts": "`include_erts` changes what it holds", "path:": "`path:` changes where it lies"}


def elixir(site: Site, call: Call) -> tuple[Product, ...] | None:
    """What `mix release` makes; None for another task."""
    words = [word.text for word in call.words[1:]] if call.name == "mix" else []
    if words[:1] == ["do"] and "release" in re.split(r"[\s,+]+", " ".join(words)):
        raise site.unknown("`mix do` makes a release among other things, which is not followed")
    if words[:1] != ["release"]:
        return None
    folder, text = site.folder, None
    if folder is not None:
        text = site.content(posixpath.join(folder, "mix.exs"))
    if folder is None or text is None:
        raise site.unknown("which project is released is not known: no `mix.exs` is seen")
    text = re.sub(r"#.*", "", text)
    name = _named(site, text, [word for word in words[1:] if not word.startswith("-")], words)
    place = posixpath.join(_built(site, call, folder), "rel", name)
    _native(site, folder, text)
    return (Product(place, "musl" if site.system_libc == "musl" else "cc"),)


def _named(site: Site, text: str, operands: list[str], words: list[str]) -> str:
    """The name of the release. Raises Unknown where it is not written out."""
    if "--path" in words or any(word.startswith("--path=") for word in words):
        raise site.unknown("`--path` puts the release elsewhere")
    releases = _releases(site, text)
    for sign, why in _OWN.items():
        if sign in releases:
            raise site.unknown(why)
    names = _outermost(releases)
    default = _DEFAULT.search(text)
    application = _APPLICATION.search(text)
    if operands:
        return operands[0]
    if default is not None:
        return default[1]
    if len(names) == 1:
        return names[0]
    if not releases and application is not None:
        return application[1]
    raise site.unknown("the name of the release is not written out in `mix.exs`")


def _outermost(text: str) -> list[str]:
    """The keys of a list of keywords, without those of the lists in it."""
    found = []
    for match in _NAME.finditer(text):
        before = text[: match.start()]
        if before.count("[") - before.count("]") == 1:
            found.append(match[1])
    return found


def _releases(site: Site, text: str) -> str:
    """The list of releases; empty where `mix.exs` has none. Raises Unknown for one that is not written out."""
    found = _RELEASES.search(text)
    if found is None:
        return ""
    start = found.start(1)
    if found[1] != "[":
        name = re.escape(found[1].removesuffix("()"))
        function = re.search(rf"\bdefp?\s+{name}(?:\(\))?\s*(?:do|,\s*do:)\s*(?=\[)", text)
        if function is None:
            raise site.unknown("the releases are not written out in `mix.exs`")
        start = function.end()
    depth = 0
    for at in range(start, len(text)):
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        if depth == 0:
            return text[start : at + 1]
    raise site.unknown("the releases are not written out in `mix.exs`")


def _built(site: Site, call: Call, folder: str) -> str:
    """The folder in which the release is built. Raises Unknown."""
    for name in ("MIX_BUILD_PATH", "MIX_BUILD_ROOT", "MIX_TARGET"):
        if site.setting(call, name) is not None or name in site.variables:
            raise site.unknown(f"`{name}` changes where it builds")
    environment = site.setting(call, "MIX_ENV")
    if environment is None and "MIX_ENV" in site.variables:
        raise site.unknown("the value of `MIX_ENV` is not known")
    return posixpath.join(folder, "_build", environment or "dev")


def _native(site: Site, folder: str, manifest: str) -> None:
    """Raises Unknown for a package that compiles code which may link a library that is not known."""
    text = site.content(posixpath.join(folder, "mix.lock"))
    if text is None and re.search(r"\{:\w+\s*,", manifest):
        raise site.unknown("which packages it needs is not seen: there is no `mix.lock`")
    for name, rest in _LOCKED.findall(text or ""):
        if _NATIVE.search(rest) and name not in site.stack.libraries:
            raise site.unknown(f"which library the package `{name}` links to is not known")
