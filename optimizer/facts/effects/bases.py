"""What is known of the image that a stage stands on: programs, folders in PATH, variables."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from optimizer.facts import Facts
from optimizer.facts.effects.names import plain_name
from optimizer.knowledge.effects import Deed, effects_table
from optimizer.syntax.nodes import Instruction


def deed_of(program: str) -> Deed | None:
    """The row that tells which packages bring a program."""
    table = effects_table()
    program = plain_name(program)
    if program in table.deeds:
        return table.deeds[program]
    return next((deed for name, deed in table.deeds.items() if name.partition(" ")[0] == program), None)


def bases_with(program: str, base: str) -> bool:
    """Whether an image is known by its name to hold a program."""
    deed = deed_of(program)
    if deed is None:
        return False
    name, _, tag = base.partition("@")[0].partition(":")
    last = posixpath.basename(name)
    if any(image in last for image in deed.images):
        return True
    # The full variants of language images stand on buildpack-deps.
    full = last in (
        "node",
        "python",
        "golang",
        "ruby",
        "rust",
        "php",
        "perl",
        "gcc",
        "openjdk",
        "maven",
        "erlang",
        "elixir",
    )
    return full and "buildpack-deps" in deed.images and not any(word in tag for word in ("slim", "alpine", "windows"))


def folders_of_image(facts: Facts, at: Instruction) -> Iterator[str]:
    """The folders that the base image has in PATH beside the system's; of an unknown image all that some image has."""
    stage = list(facts.stage_of[at].lineage)[-1]
    rows = effects_table().lookup_of_images
    for image, folders in rows.items():
        if (
            stage.base is None
            or image in stage.base
            or (stage.system is None and not any(one in stage.base for one in rows))
        ):
            yield from folders


def constants(facts: Facts, at: Instruction) -> dict[str, str]:
    """The variables that the image below is known to set."""
    base = list(facts.stage_of[at].lineage)[-1].base or ""
    found: dict[str, str] = {}
    for image, values in effects_table().constants_of_images.items():
        if _is(base, image):
            found |= values
    return found


def starting_folder(facts: Facts, at: Instruction) -> str | None:
    """The WORKDIR that the image below is known to set."""
    base = list(facts.stage_of[at].lineage)[-1].base or ""
    return next((folder for image, folder in effects_table().folders_of_images.items() if _is(base, image)), None)


def _is(base: str, image: str) -> bool:
    """Whether a reference is of the image, or of one in the folder of that name."""
    return image in base.partition("@")[0].partition(":")[0].split("/")


def may_hold(facts: Facts, at: Instruction, folders: Iterable[str | None]) -> bool:
    """Whether the image below may hold programs in these folders: an official image has them where its row says."""
    stage = list(facts.stage_of[at].lineage)[-1]
    if stage.base is None or stage.system is None:
        return True
    name = stage.base.partition("@")[0].partition(":")[0]
    if stage.system.name not in posixpath.basename(name) and name not in effects_table().full_images:
        return True
    return not {*effects_table().lookup, *folders_of_image(facts, at)}.isdisjoint(folders)
