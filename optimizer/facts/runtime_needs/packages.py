"""The packages of the system that a stage installs: which ones its program may need when it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.packages import PackageCall
from optimizer.facts.runtime_needs import Kind, Need, Needs, Unknown
from optimizer.facts.runtime_needs.suites import libraries
from optimizer.facts.texts import shortened
from optimizer.knowledge.build_packages import build_packages
from optimizer.knowledge.runtime_needs import runtime_needs_table
from optimizer.syntax.nodes import Instruction, source

_SYSTEM = ("apt", "apk", "dnf", "zypper", "pacman")
_BESIDE = ("dpkg", "rpm", "add-apt-repository")


def of_packages(facts: Facts, stage: BuildStage, known: Needs) -> Iterator[Need | Unknown]:
    """Development packages count by their libraries; tools only where something that is seen calls them."""
    for one in reversed(list(stage.lineage)):
        for instruction in one.instructions:
            if instruction.name == "RUN":
                yield from _of_run(facts, stage, instruction, known)


def _of_run(facts: Facts, stage: BuildStage, instruction: Instruction, known: Needs) -> Iterator[Need | Unknown]:
    if facts.opaque(instruction):
        yield Unknown(Kind.PACKAGE, "a `RUN` that cannot be read may install packages")
        return
    for call in facts.calls(instruction):
        if call.name in _BESIDE and any((word.literal or "") in ("-i", "--install") for word in call.words):
            text = shortened(source(call.node), 50)
            yield Unknown(Kind.PACKAGE, f"`{text}` installs a package whose name is not known")
    for package in facts.package_calls(instruction):
        if package.installs and package.manager.family in _SYSTEM:
            yield from _of_install(facts, stage, package, known)


def _of_install(facts: Facts, stage: BuildStage, package: PackageCall, known: Needs) -> Iterator[Need | Unknown]:
    for word in package.operands:
        names = (word.literal,) if word.literal is not None else build_packages().stands_for(word.text)
        if not names or names[0].startswith((".", "/", "@")):
            yield Unknown(Kind.PACKAGE, f"`{word.text}` is installed, and which package that is is not known")
        else:
            for name in names:
                yield from _of_package(facts, stage, re.split(r"[=<>~/]", name)[0], known)


def _of_package(facts: Facts, stage: BuildStage, name: str, known: Needs) -> Iterator[Need | Unknown]:
    if build_packages().is_build(name):
        yield from _of_build_package(facts, stage, name)
    elif name == "ca-certificates":
        yield Need(Kind.CERTIFICATES, "system", f"`{name}` is installed")
    elif name == "tzdata":
        yield Need(Kind.ZONES, "all", f"`{name}` is installed")
    elif name.startswith("fonts-") or name in ("fontconfig", "ttf-dejavu"):
        yield Need(Kind.FONTS, name, "it is installed")
    elif (programs := runtime_needs_table().tools.get(name)) is None:
        yield Need(Kind.PACKAGE, name, "it is installed")
    elif called := [one for one in programs if one in known.names(Kind.PROGRAM)]:
        yield Need(Kind.PACKAGE, name, known.why(Kind.PROGRAM, called[0]) or "it is installed")
    elif (doubt := known.doubt(Kind.PROGRAM)) is not None:
        yield Need(Kind.PACKAGE, name, doubt)


def _of_build_package(facts: Facts, stage: BuildStage, name: str) -> Iterator[Need | Unknown]:
    found = libraries(facts, stage, name)
    if found is None:
        yield Unknown(Kind.LIBRARY, f"the runtime libraries of `{name}` are not known for this base image")
    yield from (Need(Kind.LIBRARY, library, f"`{name}` is installed") for library in found or ())
