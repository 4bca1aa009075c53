"""Which other variant of the same image there is: slim, or one that only runs what this one builds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from optimizer.facts.bases import image_of
from optimizer.knowledge.variants import Family, Runtime, variants

_TAG = re.compile(r"(?P<version>[a-z0-9][\w.]*?)(?:-(?P<release>[a-z]+))?")


@dataclass(frozen=True, slots=True)
class Slim:
    """The slim variant of an image: same version, same release of Debian. `reference` as FROM would name it."""

    family: str
    reference: str
    version: str
    release: str | None

    @property
    def served(self) -> bool:
        """Whether packages can still be installed from the release of Debian below it."""
        return self.row.serves(self.version, self.release)

    @property
    def row(self) -> Family:
        """What the table says of the family."""
        return variants().families[self.family]


def slim_of(reference: str) -> Slim | str | None:
    """The slim variant; a text says why there is none; None where the image comes in no such variants."""
    name, tag = image_of(reference)
    table = variants()
    if name in table.none:
        return None if "alpine" in tag or "jre" in tag else f"`{name}` has no slim variant"
    family = table.families.get(name)
    if family is None:
        return None
    if "slim" in tag or "alpine" in tag:
        return None
    if "@" in reference:
        return "a digest names this very image"
    if not tag or tag == "latest":
        return f"without a tag, `{name}:slim` may be another version on the day of the build; `pin-base` comes first"
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    version, release = match["version"], match["release"]
    if not _is_line(version, family) or (release is not None and release not in family.releases):
        return f"no row says that `{name}:{tag}` has a slim variant"
    pattern = family.slim if release is None else family.slim_release
    new = pattern.format(version=version, release=release)
    return Slim(name, reference.removesuffix(tag) + new, version, release)


def _is_line(version: str, family: Family) -> bool:
    """Whether the version is one of the lines, or a release of one that is a pair of numbers: `3.12.4`."""
    if version in family.lines:
        return True
    parts = version.split(".")
    pairs = any(line.startswith(f"{parts[0]}.") for line in family.lines)
    return all(part.isdecimal() for part in parts) and ".".join(parts[: 2 if pairs else 1]) in family.lines


def runtime_of(reference: str) -> tuple[str, Runtime] | None:
    """The image that only runs what this one builds, with its row; None where no row knows one."""
    name, tag = image_of(reference)
    if "@" in reference:
        return None
    for one in variants().runtimes:
        match = re.fullmatch(one.tag, tag) if one.image == name else None
        if match and (not one.tags or match[1] in one.tags):
            return match.expand(one.to), one
    return None
