"""What a program needs of its image beside its files, as its sources show it: certificates, zones, a `/tmp`.

Told by the signs of `stacks.toml`; what cannot be seen counts as needed. Programs are told by `runtime_needs`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from optimizer.facts.context import Context, text_of
from optimizer.knowledge.stacks import Stack, signs


class Needs(Struct, frozen=True):
    """`loads`: a source that loads libraries by name; None: none does."""

    certificates: bool = False
    zones: bool = False
    temporary: bool = False
    loads: str | None = None


def needs_of(files: Mapping[str, str], stack: Stack, context: Context) -> Needs:
    """The needs of the program whose sources a stage holds (path of the image -> path of the context)."""
    certificates = zones = temporary = False
    loads = None
    for origin in sorted(set(files.values())):
        sign = stack.unseen.get(origin.rpartition("/")[2])
        if sign is not None and signs((sign,)).search(text_of(context, origin)):
            certificates = temporary = True
        if not stack.is_read(origin):
            continue
        text = text_of(context, origin)
        certificates = certificates or signs(stack.certificates).search(text) is not None
        zones = zones or signs(stack.zones).search(text) is not None
        temporary = temporary or signs(stack.temporary).search(text) is not None
        loads = loads or (origin if signs(stack.loads).search(text) else None)
    return Needs(certificates, zones, temporary, loads)
