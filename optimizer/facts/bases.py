"""Which system a base image holds, as far as its name and tag tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.knowledge import load, row

_VERSION = re.compile(r"v?(\d+(?:\.\d+)?)")


class System(Struct, frozen=True):
    """A distribution and its release (`bookworm`, `jammy`, `3.20`); `release` is None where the tag moves."""

    name: str
    release: str | None


class _Tables(Struct, frozen=True):
    systems: dict[str, str]
    releases: dict[str, dict[str, str]]
    too_old: dict[str, frozenset[str]]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    data = load("base_images.toml")
    return _Tables(
        {name: image["system"] for image in data["image"] for name in image["names"]},
        data["releases"],
        {row["option"]: frozenset(row["images"]) for row in data["too-old"]},
    )


def image_of(reference: str) -> tuple[str, str]:
    """The short name and the tag of an image reference (`node`, `20-slim`), without Docker Hub's own prefixes."""
    reference = reference.partition("@")[0]
    name, _, tag = reference.rpartition(":") if ":" in reference else (reference, "", "")
    if "/" in tag:
        name, tag = f"{name}:{tag}", ""
    for prefix in ("docker.io/", "index.docker.io/", "library/", "public.ecr.aws/docker/library/"):
        name = name.removeprefix(prefix)
    return name.removeprefix("library/"), tag


def is_image(reference: str | None, patterns: Iterable[str]) -> bool:
    """Whether the image is one of those: `node` is any of that name, `node:16` also `16.3` and `16-slim`.

    An image without a tag is `latest`.
    """
    if reference is None:
        return False
    name, tag = image_of(reference)
    for pattern in patterns:
        wanted, _, version = pattern.partition(":")
        if name == wanted and (not version or re.match(rf"{re.escape(version)}(?!\w)", tag or "latest")):
            return True
    return False


def system_of(reference: str | None) -> System | None:
    """The system of an image reference; None where the name is not in the table or not known at all."""
    if reference is None:
        return None
    name, tag = image_of(reference)
    system = _tables().systems.get(name)
    if system is None:
        return None
    return _by_tag(tag) if system == "by-tag" else System(system, _release(system, tag))


class Defaults(Struct, frozen=True):
    """What a container of an image starts with: a row of `image_defaults.toml`. None: not known."""

    names: tuple[str, ...] = ()
    user: str | None = None
    folder: str | None = None
    entrypoint: str | None = None
    special: tuple[str, ...] = ()
    folders: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """A part of the tag -> the folder of such variants; the first that fits is taken."""
    plain: bool = False
    """Whether the image sets nothing in the environment but a PATH of the system's folders."""


@lru_cache(maxsize=1)
def _defaults() -> dict[str, Defaults]:
    rows = load("image_defaults.toml")["image"]
    found = [row(Defaults, data, f"image_defaults.toml: image {n}") for n, data in enumerate(rows, start=1)]
    return {name: one for one in found for name in one.names}


def defaults_of(reference: str | None) -> Defaults:
    """What is known of how a container of the image starts; a tag that brings triggers may change all of it."""
    if reference is None:
        return Defaults()
    name, tag = image_of(reference)
    if "onbuild" in tag or "windows" in tag or "nanoserver" in tag:
        return Defaults()
    found = _defaults().get(name, Defaults())
    folder = next((folder for sign, folder in found.folders.items() if sign in tag), found.folder)
    return found if folder == found.folder else replace(found, folder=folder)


def _by_tag(tag: str) -> System:
    """Images that come for several systems; without a word about it they stand on Debian."""
    if match := re.search(r"alpine-?(\d+\.\d+)?", tag):
        return System("alpine", match[1])
    for system in ("debian", "ubuntu"):
        for release in _tables().releases[system].values():
            if release in tag:
                return System(system, release)
    return System("debian", None)


def _release(system: str, tag: str) -> str | None:
    releases = _tables().releases.get(system, {})
    for release in releases.values():
        if tag == release or tag.startswith(f"{release}-"):
            return release
    match = _VERSION.match(tag)
    if match is None:
        return None
    return releases.get(match[1]) or releases.get(match[1].partition(".")[0]) if releases else match[1]


def knows_option(system: System | None, option: str) -> bool:
    """Whether nothing says that the system's tool is too old for the option."""
    if system is None or system.release is None:
        return True
    return f"{system.name}:{system.release}" not in _tables().too_old.get(option, frozenset())
