"""Mounts that a leeway lets come: caches of the tools that a RUN calls, and files of the context."""

from __future__ import annotations

import re

from optimizer.checks.wording import fetches
from optimizer.facts import Facts
from optimizer.facts.calls import Call
from optimizer.facts.mounts import Mount
from optimizer.facts.tools import tool_call
from optimizer.knowledge.ecosystems import Tool
from optimizer.syntax.nodes import Flag, Instruction

_KEYS_OF_A_CACHE = frozenset({"type", "target", "sharing", "id", "uid", "gid"})


def mounts_file(flag: Flag) -> bool:
    """Whether a flag mounts a file of the context, read-only."""
    if flag.name != "mount":
        return False
    return re.fullmatch(r"type=bind,source=[^,$]+,target=/[^,$]+", flag.value or "") is not None


def cache_mounts(facts: Facts, run: Instruction) -> dict[Flag, Mount]:
    """The mounts of a RUN that are caches of tools that it calls, in the home and with the number of its user."""
    places = iter(facts.mounts(run))
    mounts = [(flag, next(places)) for flag in run.inner.all_flags if flag.name == "mount"]
    return {flag: mount for flag, mount in mounts if _is_cache(facts, run, mount)}


def caching_tool(call: Call) -> Tool | None:
    """The tool whose cache the command fills; None where it is none."""
    found = tool_call(call)
    return found.tool if found is not None and fetches(found, found.tool) else None


def _is_cache(facts: Facts, run: Instruction, mount: Mount) -> bool:
    if mount.kind != "cache" or mount.target is None or not set(mount.keys) <= _KEYS_OF_A_CACHE:
        return False
    tools = [tool for call in facts.calls(run) if (tool := caching_tool(call)) is not None]
    if not any(tool.is_place(mount.target) for tool in tools):
        return False
    scope = facts.scopes[run]
    by_root = scope.user is None or scope.as_root
    return mount.user in (None, "0") if by_root else mount.user is not None
