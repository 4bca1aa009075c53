"""Java: the jar that Maven or Gradle packs, where it holds all that it needs.

Sources: Maven's lifecycle and jar plugin (finalName); Gradle's java and application plugins; Spring Boot's plugins.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from optimizer.facts.calls import Call
from optimizer.facts.stacks.site import Product, Site

_MAVEN = ("package", "install", "verify")
_GRADLE = ("build", "assemble", "bootJar", "shadowJar", "jar", "bootWar")
_WHOLE_MAVEN = re.compile(r"spring-boot-maven-plugin|maven-shade-plugin|maven-assembly-plugin|<packaging>war<")
_WHOLE_GRADLE = re.compile(r"org\.springframework\.boot|shadow|\bfatJar\b|io\.ktor\.plugin")
_BUILD_FILES = ("build.gradle", "build.gradle.kts")
_MODULES = re.compile(r"<modules>|^\s*include\b", re.M)


def java(site: Site, call: Call) -> tuple[Product, ...] | None:
    """What Maven or Gradle packs; None where the call packs nothing."""
    goals = {word.text.lstrip(":") for word in call.words[1:]}
    modules = [goal.rpartition(":") for goal in goals if not goal.startswith("-")]
    if call.name in ("mvn", "mvnw") and goals & set(_MAVEN):
        return _packed(site, "target", ("pom.xml",), _WHOLE_MAVEN, goals)
    if call.name in ("gradle", "gradlew") and goals & set(_GRADLE):
        return _packed(site, "build/libs", _BUILD_FILES, _WHOLE_GRADLE, goals)
    if call.name == "javac":
        at = next((n for n, word in enumerate(call.words) if word.text == "-d"), len(call.words))
        path = site.path(call.words[at + 1]) if at + 1 < len(call.words) else None
        return (Product(path.rstrip("/"), sure=False),) if path is not None else None
    if call.name == "jar" and len(call.words) > 2:
        return _archived(site, call)
    for module, _, task in modules if call.name in ("gradle", "gradlew") else ():
        if module and task in _GRADLE:
            return _packed(site, "build/libs", _BUILD_FILES, _WHOLE_GRADLE, goals, module.replace(":", "/"))
    return None


def _archived(site: Site, call: Call) -> tuple[Product, ...] | None:
    """What `jar cf NAME` packs; None for another use. A manifest may name jars beside it, which are then missed."""
    letters = call.words[1].text.lstrip("-")
    if "c" not in letters or "f" not in letters or "=" in letters:
        return None
    names = iter(call.words[2:])
    for letter in letters:
        word = next(names, None) if letter in "fme" else None
        if letter == "f" and word is not None and (path := site.path(word)) is not None:
            if any("Class-Path" in (site.content(one) or "") for one in site.ground.files if one.endswith(".MF")):
                raise site.unknown("its manifest names jars beside it, which are not followed")
            return (Product(path),)
    return None


def _packed(
    site: Site, place: str, manifests: Iterable[str], whole: re.Pattern[str], goals: Iterable[str], module: str = ""
) -> tuple[Product, ...]:
    """The jars in the folder that the tool puts them in. Raises Unknown for those that need others beside them."""
    if site.folder is None or {"-f", "--file", "-p", "--project-dir", "-b"} & set(goals):
        raise site.unknown("which project is built is not known")
    texts = [text for name in manifests if (text := site.content(posixpath.join(site.folder, name))) is not None]
    if not texts:
        raise site.unknown("which project is built is not known: its manifest is not seen")
    settings = [
        site.content(posixpath.join(site.folder, name)) or "" for name in ("settings.gradle", "settings.gradle.kts")
    ]
    if not module and _MODULES.search("".join((*texts, *settings))):
        raise site.unknown("it is one of several modules")
    texts += [site.content(posixpath.join(site.folder, module, name)) or "" for name in manifests if module]
    if not whole.search("".join(texts)) and re.search(
        r"<dependencies>|^\s*(?:implementation|compile|runtimeOnly|api)\b", texts[0], re.M
    ):
        raise site.unknown("its jar needs others beside it, which are not followed")
    return tuple(
        Product(posixpath.join(site.folder, module, place, f"*{ending}"), sure=False) for ending in site.stack.made
    )
