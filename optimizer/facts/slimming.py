"""What a stage needs of the full variant of its image that the slim one lacks: programs, libraries, certificates.

A doubt is a reason to leave the image as it is; nothing is guessed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from optimizer.facts import BuildStage, Facts
from optimizer.facts.calls import Call
from optimizer.facts.compiled import Doubt, Wanted, compiled
from optimizer.facts.packages import PackageCall, package_call
from optimizer.facts.runtime_needs import Kind, runtime_needs
from optimizer.facts.runtime_needs.started import effective, files_of
from optimizer.facts.sync import scripts_of
from optimizer.facts.texts import argument_text, shortened
from optimizer.facts.tools import tool_call
from optimizer.facts.variants import Slim
from optimizer.knowledge import commands
from optimizer.knowledge.build_packages import build_packages
from optimizer.knowledge.runtime_needs import runtime_needs_table
from optimizer.knowledge.variants import variants
from optimizer.syntax.nodes import ExecForm, Instruction, source

_OWN = {
    "python": ("python", "python3", "pip", "pip3", "idle", "2to3", "pydoc3"),
    "node": ("node", "nodejs", "npm", "npx", "yarn", "yarnpkg", "corepack", "pnpm"),
    "ruby": ("ruby", "gem", "bundle", "bundler", "irb", "erb", "rake", "rails"),
    "debian": (),
}
_FAMILY_TOOLS = frozenset({"pip", "npm", "yarn", "yarn-berry", "pnpm", "bundler", "gem", "apt", "node"})
_SYSTEM_PLACES = re.compile(r"/usr/(?:lib|include|share/man)\b|(?<![\w/])/lib/x86_64|/etc/ImageMagick")
_HTTPS = ("curl", "wget", "git")
_NO_SCRIPTS = (
    "",
    "install",
    "i",
    "ci",
    "add",
    "cache",
    "config",
    "global",
    "set",
    "prune",
    "init",
    "version",
    "update",
)
_FOR_A_PERSON = re.compile(r"(?:/\S*bin/)?(?:(?:ba|da|z)?sh(?: -[il]+)*|tail -[fF] /dev/null|sleep infinity)")
_LOCALES = re.compile(r"locale-gen|dpkg-reconfigure\s+locales|\bmsgfmt\b")

Found = Iterator[Wanted | Doubt]


def needed_of_full(facts: Facts, stage: BuildStage, slim: Slim, trusted: Sequence[str]) -> Found:
    """What the stage, and those built from it, need of the full image."""
    stages = (stage, *facts.children(stage))
    yield from _structure(facts, stages)
    for one in stages:
        for instruction in one.instructions:
            if instruction.name == "RUN":
                yield from _of_run(facts, one, instruction, slim, trusted)
            elif instruction.name in ("COPY", "ADD"):
                yield from _of_copy(facts, one, instruction, stages, slim, trusted)
            elif instruction.name == "ENV" and _SYSTEM_PLACES.search(facts.sources[instruction]):
                yield Doubt("`ENV` names a folder of the system's libraries")
        if facts.ships(one):
            yield from _at_run_time(facts, one, slim)


def _structure(facts: Facts, stages: Sequence[BuildStage]) -> Found:
    if facts.context is None:
        yield Doubt(facts.no_context or "the build context is not known")
    for one in stages:
        if any(i.name == "ONBUILD" for i in one.instructions):
            yield Doubt("an image that is built from this one may need anything")
    for one in stages:
        for instruction in effective(one):
            if instruction.name in ("CMD", "ENTRYPOINT") and _FOR_A_PERSON.fullmatch(_started(instruction)):
                yield Doubt("it waits for a person, who may call anything")
    if not any(effective(one) for one in stages):
        yield Doubt("nothing says what a container of it runs, so other images may be built from it")
    outside = [path for one in stages for path in facts.copied_out_of(one)]
    if taken := [path for path in outside if path == "/" or _SYSTEM_PLACES.search(path)]:
        yield Doubt(f"another stage takes `{taken[0]}` of its system")


def _started(instruction: Instruction) -> str:
    """The words that a container starts, with blanks between them."""
    body = instruction.body
    return " ".join(item.text for item in body.items) if isinstance(body, ExecForm) else argument_text(instruction)


def _of_run(facts: Facts, stage: BuildStage, run: Instruction, slim: Slim, trusted: Sequence[str]) -> Found:
    if facts.opaque(run):
        yield Doubt("a `RUN` cannot be read")
        return
    text = facts.sources[run]
    if slim.family == "debian" and _LOCALES.search(text):
        yield Doubt("the slim image leaves translations and locales away")
    if match := _SYSTEM_PLACES.search(text):
        yield Doubt(f"a `RUN` names `{match[0]}`, where the slim image has less")
    calls = facts.calls(run)
    for call in calls:
        yield from _of_call(facts, stage, run, call, slim)
    if slim.family != "debian":
        yield from compiled(facts, stage, run, slim.version, trusted)


def _of_call(facts: Facts, stage: BuildStage, run: Instruction, call: Call, slim: Slim) -> Found:
    """What one command needs: by its name, by the scripts that it runs."""
    name, words = call.name, [word.literal for word in call.words]
    shown = shortened(" ".join(source(call.node).split()), 50)
    for wrapper in call.wrapped_by:
        if (package := variants().lost(slim.family, wrapper)) is not None:
            yield Wanted((package,), f"`{wrapper}` is called")
    if name is None or _is_path(words[0] if words else None):
        yield Doubt(f"`{shown}` runs a program that cannot be looked into")
        return
    if name in commands().builtins or name == "":
        if name in (".", "source", "eval"):
            yield Doubt(f"`{shown}` runs what cannot be looked into")
        return
    if name in runtime_needs_table().shells:
        yield Doubt(f"`{shown}` runs a script")
    elif (package := variants().lost(slim.family, name)) is not None:
        yield Wanted(_with_certificates(package, name, slim, words), f"`{name}` is called")
        if name in ("make", "gcc", "cc", "g++", "c++", "ld", "python3"):
            yield Doubt(f"`{shown}` may need any header or tool")
        elif name in _HTTPS:
            yield Doubt(f"`{shown}` fetches what cannot be looked into")
    elif (found := package_call(call)) is not None and found.manager.family == "apt":
        yield from _of_apt(facts, found)
    elif name in ("npm", "yarn", "pnpm") and (scripts := _script(facts, stage, run, words)) is not None:
        yield from scripts
    elif not _is_known(facts, stage, run, call, name, slim):
        yield Doubt(f"`{shown}` may need something of the full image")


def _is_path(word: str | None) -> bool:
    """Whether a program is named by its path, and not one of the system."""
    return word is not None and "/" in word and not word.startswith(("/usr/", "/bin/", "/sbin/"))


def _with_certificates(package: str, name: str, slim: Slim, words: Sequence[str | None]) -> tuple[str, ...]:
    """The package, and the certificates of authorities where the slim image has none and it may speak TLS."""
    lacks = variants().lost(slim.family, "update-ca-certificates") is not None
    plain = any((word or "").startswith("http://") for word in words)
    more = ("ca-certificates",) if lacks and name in _HTTPS and not plain else ()
    return (package, *variants().packages[package].brings, *more)


def _of_apt(facts: Facts, package: PackageCall) -> Found:
    for word in package.operands if package.installs else ():
        name = re.split(r"[=<>~/:]", word.literal or "")[0]
        folder_made = "/usr/share/man" in facts.text
        if not name or name.startswith("."):
            yield Doubt(f"what package `{word.text}` is, is not known")
        elif not folder_made and any(fnmatchcase(name, pattern) for pattern in variants().man_pages):
            yield Doubt(f"the set-up of `{name}` may want folders of manual pages, which slim images lack")


def _script(facts: Facts, stage: BuildStage, run: Instruction, words: Sequence[str | None]) -> Found | None:
    """What a script of `package.json` runs, that `npm run NAME` and the like start; None where none is started."""
    plain = [word or "" for word in words[1:] if not (word or "").startswith("-")]
    verbs = ("run", "run-script")
    name = plain[1] if plain[:1] and plain[0] in verbs and len(plain) > 1 else (plain or [""])[0]
    if name in _NO_SCRIPTS:
        return None
    return _script_named(facts, stage, run, name)


def _script_named(facts: Facts, stage: BuildStage, run: Instruction, name: str) -> Found:
    folder = facts.scopes[run].folder or "/"
    path = files_of(facts, stage).get(posixpath.join(folder, "package.json"))
    content = facts.context.content(path) if path is not None and facts.context is not None else None
    scripts = scripts_of(content)
    if scripts is None or name not in scripts:
        yield Doubt(f"the script `{name}` of `package.json` is not known")
        return
    text = " ; ".join(scripts.get(one, "") for one in (f"pre{name}", name, f"post{name}"))
    for word in re.findall(r"[\w./+-]+", text):
        if word in variants().providers:
            yield Doubt(f"the script `{name}` of `package.json` names `{word}`")
        elif word.endswith(".sh"):
            yield Doubt(f"the script `{name}` of `package.json` runs `{word}`")


def _is_known(facts: Facts, stage: BuildStage, run: Instruction, call: Call, name: str, slim: Slim) -> bool:
    """Whether the command is one of the system's, of the image's language, or of a package that the stage installs."""
    tool = tool_call(call)
    if tool is not None:
        return tool.tool.name in _FAMILY_TOOLS
    if name in _OWN[slim.family] or name in commands().plain or re.fullmatch(r"python3?(\.\d+)?", name):
        return True
    return package_call(call) is not None or name in _installed(facts, stage)


def _installed(facts: Facts, stage: BuildStage) -> frozenset[str]:
    """The names of packages that apt installs in the stage: programs are mostly called as their package is."""
    runs = [i for one in stage.lineage for i in one.instructions if i.name == "RUN"]
    found = [package for run in runs for package in facts.package_calls(run)]
    return frozenset(word.literal or "" for package in found if package.installs for word in package.operands)


def _of_copy(
    facts: Facts, stage: BuildStage, at: Instruction, own: Sequence[BuildStage], slim: Slim, trusted: Sequence[str]
) -> Found:
    """What comes from elsewhere: programs and libraries may link what only the full image has."""
    copy = facts.copies.get(at)
    if copy is None:
        yield Doubt("a `COPY` cannot be read")
    elif any(word.text.startswith(("http://", "https://", "git@")) for word in copy.words[:-1]):
        yield Doubt("what `ADD` fetches may need a library of the full image")
    elif copy.origin is not None:
        origin = facts.stage_named(copy.origin)
        if origin is None:
            if "astral-sh/uv" not in copy.origin:
                yield Doubt(f"what is copied out of `{copy.origin}` may need a library of the full image")
        elif origin not in own:
            yield from _of_origin(facts, origin, slim, trusted)
    elif facts.context is not None:
        placed = facts.placed(copy)
        if placed is None:
            yield Doubt(f"what `{shortened(argument_text(at), 40)}` brings is not known")
        elif library := next((path for path in placed.values() if re.search(r"\.so(\.\d+)*$", path)), None):
            yield Doubt(f"`{library}` may need a library of the full image")


def _of_origin(facts: Facts, origin: BuildStage, slim: Slim, trusted: Sequence[str]) -> Found:
    """What another stage built: what it compiles may link libraries of the full image."""
    for one in origin.lineage:
        for run in (i for i in one.instructions if i.name == "RUN"):
            if facts.opaque(run):
                yield Doubt("a `RUN` of a stage that it takes files from cannot be read")
                continue
            for found in compiled(facts, one, run, slim.version, trusted):
                if isinstance(found, Doubt):
                    yield found
            for call in facts.calls(run):
                if call.name in ("make", "gcc", "cc", "g++", "c++", "cmake", "ld", "cargo"):
                    yield Doubt(f"`{call.name}` builds what it copies, which may link a library of the full image")


def _at_run_time(facts: Facts, stage: BuildStage, slim: Slim) -> Found:
    """What a container needs, by `runtime_needs`, as far as the full image holds it."""
    needs, table = runtime_needs(facts, stage), variants()
    for kind in (Kind.PROGRAM, Kind.LIBRARY):
        if (doubt := needs.doubt(kind)) is not None:
            yield Doubt(doubt)
    for need in needs.of(Kind.PROGRAM):
        if "/" in need.name and not need.name.startswith(("/usr/", "/bin/")):
            yield Doubt(f"`{need.name}` is started, which may need a library of the full image")
        elif (package := table.lost(slim.family, need.name)) is not None:
            yield Wanted(_with_certificates(package, need.name, slim, ()), f"`{need.name}`: {need.why}")
    if "*" in table.families[slim.family].holds:
        return
    own = _installed(facts, stage)
    brought = {*own} | {name for one in own for name in build_packages().all_libraries.get(one, ())}
    for kind in (Kind.LIBRARY, Kind.PACKAGE):
        for need in needs.of(kind):
            if (
                need.name not in brought
                and need.name in table.packages
                and need.name not in table.families[slim.family].holds
            ):
                yield Wanted((need.name,), need.why)
    if needs.of(Kind.FONTS):
        yield Wanted(("fontconfig", "fonts-dejavu-core"), needs.of(Kind.FONTS)[0].why)
    if needs.of(Kind.CERTIFICATES) and table.lost(slim.family, "update-ca-certificates"):
        yield Wanted(("ca-certificates",), needs.of(Kind.CERTIFICATES)[0].why)
