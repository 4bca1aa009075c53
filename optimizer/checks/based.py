"""Whether stages stand on another variant of the same image, and on nothing else: by the rows alone.

Independent of the transforms: all other instructions of the file have to be as they were, word for word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import image_of
from optimizer.facts.calls import Call, calls_in
from optimizer.facts.packages import package_call
from optimizer.facts.texts import argument_text, flags_text, shortened
from optimizer.knowledge import commands
from optimizer.knowledge.variants import Runtime, variants
from optimizer.syntax.nodes import Command, ExecForm, Instruction, ShellScript, Words, source

_INSTALL = re.compile(
    r"(?:apt-get update && apt-get install -y --no-install-recommends (?P<apt>[\w.+ -]+)"
    r" && rm -rf /var/lib/apt/lists/\*|apk add --no-cache (?P<apk>[\w.+ -]+))"
)


def rebased_wrongly(before: Facts, after: Facts) -> str | None:
    """What is wrong with the new bases; None where each is a variant that does for its stage."""
    if len(before.stages) != len(after.stages):
        return "a stage comes or goes"
    for old, new in zip(before.stages, after.stages, strict=True):
        if (why := _changed(before, after, old, new)) is not None:
            return why
    return None


def _changed(before: Facts, after: Facts, old: BuildStage, new: BuildStage) -> str | None:
    heads = [stage.node.instructions[0] for stage in (old, new)]
    if flags_text(heads[0]) != flags_text(heads[1]):
        return "FROM would have other flags"
    was, now = (_words(head) for head in heads)
    if was[1:] != now[1:]:
        return "a stage would have another name"
    texts = [_told(before, i) for i in old.instructions]
    told = [_told(after, i) for i in new.instructions]
    if was[:1] == now[:1]:
        return None if texts == told else "an instruction of a stage changes, the base of which stays"
    added = told[: len(told) - len(texts)]
    if len(added) > 1 or told[len(added) :] != texts:
        return "another instruction than FROM would change"
    packages = _packages(new.instructions[0]) if added else ()
    if packages is None:
        return f"`{shortened(added[0])}` is not only an install of packages of the base"
    if old.base is None or new.base is None or old.base != was[0] or new.base != now[0]:
        return "the base is not written out"
    if slimmed(old.base, new.base) and packages and not _served(old.base):
        return f"packages would be installed on `{new.base}`, whose release is archived"
    if slimmed(old.base, new.base):
        return _lacking(after, new, packages)
    row = _runs_for(old.base, new.base)
    if row is None:
        return f"`{new.base}` is no variant of `{old.base}` of the same version and release"
    return _not_only_running(after, new, row, packages)


_ON_BUILDER = "--platform=$BUILDPLATFORM "
_TARGET = "GOOS=$TARGETOS GOARCH=$TARGETARCH "
_ARGUMENTS = re.compile(r"(?i)ARG[ \t]TARGETOS TARGETARCH")


def crossed_wrongly(before: Facts, after: Facts) -> str | None:
    """What is wrong with stages that compile for another platform; None where only builds of Go without C do."""
    if len(before.stages) != len(after.stages):
        return "a stage comes or goes"
    for old, new in zip(before.stages, after.stages, strict=True):
        texts = [_told(before, i) for i in old.node.instructions]
        told = [_told(after, i) for i in new.node.instructions]
        if texts == told:
            continue
        if image_of(old.base or "")[0] != "golang" or after.ships(new) or after.children(new):
            return "a stage that is no build of Go, or that is shipped, would run on another platform"
        if told[0].replace(_ON_BUILDER, "", 1) != texts[0] or _ON_BUILDER in texts[0]:
            return "FROM would change in another way"
        kept = [one.replace(_TARGET, "") for one in told[1:] if not _ARGUMENTS.fullmatch(one)]
        if len(told) != len(texts) + 1 or kept != texts[1:]:
            return "an instruction would change in another way"
        if (why := _bound(after, new)) is not None:
            return why
    return None


def _bound(facts: Facts, stage: BuildStage) -> str | None:
    """What in a stage that compiles for another platform would do so with C, or for its own platform."""
    outputs = {word for i in stage.instructions for word in argument_text(i).split()}
    for path in facts.copied_out_of(stage):
        if re.match(r"/(?:usr/)?(?:local/)?(?:s?bin|lib)\b|/go/bin", path) and path not in outputs:
            return f"`{path}` would be of the builder's platform"
    argued = False
    for instruction in stage.instructions:
        argued = argued or _ARGUMENTS.fullmatch(_told(facts, instruction)) is not None
        if _TARGET in facts.sources[instruction] and not argued:
            return "a build would be told no target"
    off = any(re.search(r"CGO_ENABLED[= ]0\b", facts.sources[i]) for i in stage.instructions if i.name == "ENV")
    for run in (i for i in stage.instructions if i.name == "RUN"):
        for call in facts.calls(run):
            words = [word.literal or "" for word in call.words[1:]]
            if call.name != "go":
                continue
            assigned = {word.text for word in call.node.assignments} if isinstance(call.node, Command) else set()
            if words[:1] == ["build"] and not {"GOOS=$TARGETOS", "GOARCH=$TARGETARCH"} <= assigned:
                return "a build would be for the builder's own platform"
            if words[:1] == ["build"] and not off and "CGO_ENABLED=0" not in assigned:
                return "a build would need a compiler of C for the target"
            if words[:1] in (["install"], ["run"], ["test"], ["generate"]):
                return f"`go {words[0]}` would be on another platform than its target"
    return None


_PINNED = re.compile(r"(?P<name>[^@]+?)(?::(?P<tag>[\w][\w.-]*))?(?:@sha256:[0-9a-f]{64})?")


def pinned_wrongly(before: Facts, after: Facts) -> str | None:
    """What is wrong with bases that got a tag or a digest; None where only such came, and where none was before."""
    if len(before.stages) != len(after.stages):
        return "a stage comes or goes"
    for old, new in zip(before.stages, after.stages, strict=True):
        heads = [stage.node.instructions[0] for stage in (old, new)]
        was, now = (_words(head) for head in heads)
        same = [_told(before, i) for i in old.instructions] == [_told(after, i) for i in new.instructions]
        if not same or was[1:] != now[1:] or flags_text(heads[0]) != flags_text(heads[1]):
            return "another word than a base would change"
        if was[:1] == now[:1]:
            continue
        if old.parent is not None or old.base != was[0] or image_of(was[0])[1] not in ("", "latest") or "@" in was[0]:
            return f"`{was[0]}` is named already"
        match = _PINNED.fullmatch(now[0])
        if (
            match is None
            or match["name"] != was[0].removesuffix(":latest")
            or now[0] in (match["name"], f"{was[0]}:latest")
        ):
            return f"`{now[0]}` is no tag or digest of `{was[0]}`"
    return None


def _words(head: Instruction) -> list[str]:
    return [word.text for word in head.body.words] if isinstance(head.body, Words) else []


def _told(facts: Facts, instruction: Instruction) -> str:
    text = facts.sources[instruction]
    return text.rstrip("\r\n")


def _packages(run: Instruction) -> tuple[str, ...] | None:
    """The packages that a RUN installs, which does nothing else; None where it is no such RUN."""
    match = _INSTALL.fullmatch(" ".join(argument_text(run).split())) if run.name == "RUN" else None
    if match is None:
        return None
    names = tuple((match["apt"] or match["apk"]).split())
    return names if all(name in variants().packages for name in names) else None


def slimmed(old: str, new: str) -> bool:
    """Whether the second reference is the first one with `slim` among the parts of its tag, and nothing else."""
    (name, tag), (other, slim) = image_of(old), image_of(new)
    family = variants().families.get(name)
    if family is None or name != other or "@" in old + new or not tag:
        return False
    if old.removesuffix(tag) != new.removesuffix(slim) or sorted([*tag.split("-"), "slim"]) != sorted(slim.split("-")):
        return False
    version, *releases = tag.split("-")
    lines = [line for line in family.lines if version == line or version.startswith(f"{line}.")]
    finer = [line for line in family.lines if line.startswith(f"{version.split('.')[0]}.")]
    exact = version in family.lines or any(line in finer for line in lines) or (bool(lines) and not finer)
    return exact and all(release in family.releases for release in releases)


def _served(reference: str) -> bool:
    """Whether the release below an image is one from which packages can be installed; a release in the tag decides."""
    name, tag = image_of(reference)
    version, *releases = tag.split("-")
    return variants().families[name].serves(version, releases[0] if releases else None)


def _runs_for(old: str, new: str) -> Runtime | None:
    """The row that says that the second image runs what the first one builds."""
    name, tag = image_of(old)
    for one in variants().runtimes:
        match = re.fullmatch(one.tag, tag) if one.image == name else None
        if match and (not one.tags or match[1] in one.tags) and match.expand(one.to) == new:
            return one
    return None


def _lacking(facts: Facts, stage: BuildStage, packages: tuple[str, ...]) -> str | None:
    """The first command that something in the stage calls, which the slim image lacks and nothing installs."""
    family = image_of(stage.base or "")[0]
    holds = variants().families[family].holds
    if "*" in holds:
        return None
    stages = (stage, *facts.children(stage))
    installed = {*packages, *holds, *(name for one in stages for name in _installed(facts, one))}
    for call in (call for one in stages for call in _calls(facts, one)):
        for name in (call.name or "", *call.wrapped_by):
            package = variants().providers.get(name)
            if package is not None and package not in installed and name not in commands().builtins:
                return f"`{name}` is called, which `{stage.base}` has not"
    return None


def _installed(facts: Facts, stage: BuildStage) -> Iterator[str]:
    for run in (i for i in stage.instructions if i.name == "RUN"):
        for package in facts.package_calls(run):
            if package.installs:
                yield from (word.literal or "" for word in package.operands)


def _calls(facts: Facts, stage: BuildStage) -> Iterator[Call]:
    """The commands of a stage that stand in the file, those that a container starts too."""
    for instruction in stage.instructions:
        if instruction.name == "RUN":
            yield from facts.calls(instruction)
        elif instruction.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            inner = instruction.body if isinstance(instruction.body, Instruction) else instruction
            if isinstance(inner.body, ShellScript):
                yield from calls_in(instruction, inner.body.parts)
            elif isinstance(inner.body, ExecForm) and inner.body.items:
                yield Call(instruction, inner.body, inner.body.items)


def _not_only_running(facts: Facts, stage: BuildStage, row: Runtime, packages: tuple[str, ...]) -> str | None:
    """Why the stage may do more than run what is copied into it."""
    if packages and not set(packages) <= set(row.adds):
        return f"`{packages[0]}` is no package that `{row.image}` brings"
    text = " ".join(facts.sources[i] for i in stage.instructions)
    for name in (*row.sets, *row.signs, *((row.user,) if row.user else ())):
        if re.search(rf"\b{re.escape(name)}\b", text):
            return f"`{name}` is named, which only `{row.image}` has"
    if facts.children(stage) or any(i.name == "ONBUILD" for i in stage.instructions):
        return "another image is built from the stage"
    started = [i for i in stage.instructions if i.name in ("CMD", "ENTRYPOINT")]
    if not started:
        return f"the base `{row.image}` says what is started"
    if row.entrypoint and not any(i.name == "ENTRYPOINT" for i in started):
        return f"`{row.image}` has an entrypoint of its own"
    own = stage.instructions[1:] if packages else stage.instructions
    folder = next((i for i in own if i.name in ("WORKDIR", "COPY", "ADD", "RUN")), None)
    if row.folder and (folder is None or not argument_text(folder).startswith("/") or folder.name != "WORKDIR"):
        return f"`{row.image}` starts in `{row.folder}`"
    if row.must_set and not any(re.search(rf"\b{name}\b", text) for name in row.must_set):
        return f"the file sets none of `{'`, `'.join(row.must_set)}`"
    for run in (i for i in stage.instructions if i.name == "RUN"):
        if facts.opaque(run):
            return "a RUN cannot be read"
    for call in _calls(facts, stage):
        name = call.name or ""
        if name in ("curl", "wget", "git") and call.instruction.name == "RUN":
            return f"`{name}` fetches what cannot be looked into"
        if name in row.lacks:
            return f"`{name}` is called, which `{stage.base}` has not"
        known = name in commands().plain or name in row.programs or name in commands().builtins
        started_path = isinstance(call.node, ExecForm) and (call.words[0].literal or "").startswith("/")
        if not (known or started_path or package_call(call) is not None):
            return f"`{shortened(source(call.node), 40)}` may need more than `{stage.base}` has"
    return None
