"""Where a tool keeps its download cache for the user in force, and why a mount there may not be."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import is_image
from optimizer.facts.copies import Copy
from optimizer.facts.tools import ToolCall, edition, first_image, tool_calls
from optimizer.knowledge import commands
from optimizer.knowledge.ecosystems import Tool, ecosystems
from optimizer.syntax.nodes import Instruction, source

_OLD_SYNTAX = re.compile(r"(docker/)?dockerfile(-upstream)?:1\.[01](\D|$)")


class Owner(Struct, frozen=True):
    """The user in force. `uid` and `gid` are None for root, whose mounts need none."""

    home: str
    uid: int | None = None
    gid: int | None = None


def owner(facts: Facts, instruction: Instruction) -> Owner | None:
    """Who runs an instruction; None where the number or the home of the user is not known."""
    stage = facts.stage_of[instruction]
    image = first_image(stage)
    user = facts.scopes[instruction].user
    if user is None and is_image(image, ecosystems().root_images):
        named = any(i.name == "USER" for one in stage.lineage for i in one.instructions)
        return None if named else Owner("/root")
    name = (user or "?").partition(":")[0]
    if name in ("root", "0"):
        return Owner("/root")
    for row in ecosystems().users:
        if name in (row.name, str(row.uid)) and is_image(image, row.images):
            return Owner(row.home, row.uid, row.gid)
    return None


def folders(facts: Facts, instruction: Instruction, tool: Tool, home: Owner) -> tuple[str, ...]:
    """The folders of the tool's cache; empty where the row does not know them for this image."""
    image = first_image(facts.stage_of[instruction])
    if tool.cache_images and not is_image(image, tool.cache_images):
        return ()
    for pattern, places in tool.image_caches.items():
        if is_image(image, [pattern]):
            return tuple(place.replace("~", home.home) for place in places)
    by_root = tool.root_caches if home.uid is None and tool.root_caches else tool.caches
    return tuple(place.replace("~", home.home) for place in by_root)


def cached_calls(facts: Facts, instruction: Instruction, tool: Tool) -> list[ToolCall]:
    """The calls of a RUN that fetch into the tool's cache."""
    calls = [call for call in tool_calls(facts, instruction) if edition(facts, instruction, call.tool) is tool]
    return [call for call in calls if not tool.cache_verbs or call.verb in tool.cache_verbs]


def obstacle(facts: Facts, instruction: Instruction, tool: Tool, targets: tuple[str, ...]) -> str | None:
    """Why a mount on the folders may not be given to this RUN; None where it may."""
    if any(d.name == "syntax" and _OLD_SYNTAX.search(d.value) for d in facts.tree.directives):
        return "the syntax that the file names is too old for mounts"
    if instruction.inner.heredocs:
        return "a heredoc is not rewritten"
    if tool.name == "yarn-berry" and not _in_node_modules(facts):
        return "files may be used out of the cache at run time (Plug'n'Play)"
    if any(mount.covers(target) for mount in facts.mounts(instruction) for target in targets):
        return "it has a mount there already"
    return _moved(facts, instruction, tool) or _used(facts, instruction, tool, targets)


def _in_node_modules(facts: Facts) -> bool:
    setting = facts.context.content(".yarnrc.yml") if facts.context is not None else None
    return setting is not None and re.search(rb"(?m)^nodeLinker: *.?node-modules", setting) is not None


def _moved(facts: Facts, instruction: Instruction, tool: Tool) -> str | None:
    names = (*tool.cache_environment, "HOME")
    variables = facts.scopes[instruction].variables
    text = facts.sources[instruction]
    if any(name in variables or re.search(rf"\b{name}=", text) for name in names):
        return "the environment says where the cache is, or that there is none"
    calls = cached_calls(facts, instruction, tool)
    if any(
        word.text.startswith(tool.cache_options) for call in calls for word in call.call.words if tool.cache_options
    ):
        return "an option of the command says where the cache is"
    if calls and any(word.text in tool.cache_offline for word in calls[0].call.words):
        return "it works from what an earlier RUN fetched"
    return None


def _used(facts: Facts, instruction: Instruction, tool: Tool, targets: tuple[str, ...]) -> str | None:
    """Who else has to do with the folders: a COPY into or out of them, another RUN, a setting of yarn or npm."""
    stage = facts.stage_of[instruction]
    concerned = (*stage.lineage, *facts.children(stage))
    for one in concerned:
        for other in one.instructions:
            if other.name in ("COPY", "ADD") and _brings(facts.copies.get(other), targets):
                return "a COPY may write where the cache lies"
            if (
                other is not instruction
                and other.name in ("RUN", "ONBUILD", "VOLUME")
                and _names(facts, other, targets)
            ):
                return "another instruction names the folder of the cache"
    for one in concerned:
        for path in facts.copied_out_of(one):
            if any(_inside(path, target) or _inside(target, path) for target in targets):
                return "another stage takes files from there"
    return None


def _names(facts: Facts, other: Instruction, targets: tuple[str, ...]) -> bool:
    """Whether the text of an instruction, what it mounts and empties aside, names one of the folders."""
    text = facts.sources[other]
    told = [flag.raw for flag in other.inner.all_flags]
    told += [tool.cache_option for tool in ecosystems().tools.values() if tool.cache_option]
    told += [source(call.node) for call in facts.calls(other) if call.name == "rm" and other.name == "RUN"]
    for piece in told:
        text = text.replace(piece, "")
    return any(name in text for target in targets for name in _spellings(target))


def _spellings(target: str) -> Iterator[str]:
    """How a text may name the folder."""
    yield target
    parts = target.split("/")
    if parts[1] == "root":
        yield from (f"{home}/{'/'.join(parts[2:])}" for home in ("~", "$HOME", "${HOME}"))


def _brings(copy: Copy | None, targets: tuple[str, ...]) -> bool:
    """Whether a COPY may write into one of the folders. One of named files into a folder above may not."""
    if copy is None or copy.destination is None:
        return True
    place = copy.destination.rstrip("/") or "/"
    for target in targets:
        if _inside(place, target):
            return True
        if _inside(target, place):
            below = posixpath.relpath(target, place).split("/")[0]
            names = [posixpath.basename((source or "*").rstrip("/")) for source in copy.sources]
            if any(name in (below, "", ".") or "*" in name or "." not in name[1:] for name in names):
                return True
    return False


def _inside(path: str, folder: str) -> bool:
    folder = folder.rstrip("/")
    return path.rstrip("/") == folder or path.startswith(folder + "/")


def needed_later(facts: Facts, stage: BuildStage, tool: Tool) -> str | None:
    """Why something but the tool's own calls may need what its cache holds; None where nothing may."""
    for one in (stage, *facts.children(stage)):
        for instruction in one.instructions:
            if instruction.name == "ONBUILD":
                return "a trigger may need what the cache holds"
            if instruction.name == "RUN" and (
                facts.opaque(instruction) or not all(_plain(call.name) for call in facts.calls(instruction))
            ):
                return "a RUN that is not known may need what the cache holds"
            if instruction.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
                text = facts.sources[instruction]
                if any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) for word in tool.development_words):
                    return "the container may need what the cache holds"
    return None


def _plain(name: str | None) -> bool:
    known = ecosystems().by_command
    return name is not None and (name == "" or name in commands().plain or name in known or name in ("apt-get", "apk"))
