"""`fetch-unpack-remove`."""

import re
from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.comments import comments_above
from optimizer.facts.layout import with_flag, without
from optimizer.facts.passing import Passing, passing
from optimizer.facts.texts import comment_lines
from optimizer.syntax.nodes import Node, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(Safety.SAFE, may_change={"layers", "copied"}, leeway={"mount"}, counterparts=("DL3010",))
@example(
    "an archive that the next RUN unpacks and deletes",
    """
      # syntax=docker/dockerfile:1
      FROM debian:bookworm-slim
    - COPY tool.tgz /tmp/
    - RUN tar -xzf /tmp/tool.tgz -C /opt && rm /tmp/tool.tgz
    + RUN --mount=type=bind,source=tool.tgz,target=/tmp/tool.tgz \\
    +     tar -xzf /tmp/tool.tgz -C /opt
    """,
)
@example(
    "a package; the file is not known to need BuildKit",
    """
      FROM debian:bookworm-slim
    - ADD pkg/tool.deb /tmp/tool.deb
      LABEL tool=1
    - RUN dpkg -i /tmp/tool.deb && rm -f /tmp/tool.deb && ldconfig
    + RUN --mount=type=bind,source=pkg/tool.deb,target=/tmp/tool.deb \\
    +     dpkg -i /tmp/tool.deb && ldconfig
    """,
    unsafe=True,
)
@unchanged(
    "the file is not known to need BuildKit",
    """
    FROM debian:bookworm-slim
    COPY tool.tgz /tmp/
    RUN tar -xzf /tmp/tool.tgz -C /opt && rm /tmp/tool.tgz
    """,
)
@unchanged(
    "a syntax that knows no mounts",
    """
    # syntax=docker/dockerfile:1.1
    FROM debian:bookworm-slim
    COPY tool.tgz /tmp/
    RUN tar -xzf /tmp/tool.tgz -C /opt && rm /tmp/tool.tgz
    """,
    unsafe=True,
)
@unchanged(
    "the file is not deleted, or more is copied than the file",
    """
    # syntax=docker/dockerfile:1
    FROM debian:bookworm-slim
    COPY tool.tgz /tmp/
    RUN tar -xzf /tmp/tool.tgz -C /opt
    COPY one.tgz two.tgz /tmp/
    RUN tar -xzf /tmp/one.tgz -C /opt && rm /tmp/one.tgz
    """,
)
@unchanged(
    "a command may write to the file, or to its folder as a whole",
    """
    # syntax=docker/dockerfile:1
    FROM debian:bookworm-slim
    COPY tool.tgz /opt/
    RUN tar -xzf /opt/tool.tgz -C /opt && chown -R www-data /opt && rm /opt/tool.tgz
    COPY tool.tgz /tmp/
    RUN ./install.sh && rm /tmp/tool.tgz
    """,
)
@unchanged(
    "ADD unpacks it",
    """
    # syntax=docker/dockerfile:1
    FROM debian:bookworm-slim
    ADD tool.tgz /tmp/
    RUN rm /tmp/tool.tgz && ldconfig
    """,
)
@unchanged(
    "nobody else makes the folder",
    """
    # syntax=docker/dockerfile:1
    FROM debian:bookworm-slim
    COPY tool.tgz /setup/
    RUN tar -xzf /setup/tool.tgz -C /opt && rm /setup/tool.tgz
    """,
)
def fetch_unpack_remove(facts: Facts) -> Iterator[Proposal | Declined]:
    """Mounts an archive for the RUN that unpacks and deletes it, instead of copying it into a layer before.

    What a later layer deletes still lies in the layer of the COPY. An archive that one RUN fetches and a later one
    unpacks or deletes is the matter of `merge-run`.

    Safety: only a single file whose RUN stands right behind, where each command is known to read it only; only in
    folders that the base image has. It needs BuildKit: where nothing else in the file does, it is for `--unsafe`.

    Sources: Dockerfile reference (RUN --mount=type=bind), BuildKit executor (mount stubs); hadolint DL3010.
    """
    for one in passing(facts):
        why = one.why or _obstacle(facts, one)
        yield Declined(one.run, why) if why is not None else _mounted(facts, one)


_FOLDERS = (
    "/",
    "/tmp",
    "/opt",
    "/srv",
    "/root",
    "/home",
    "/mnt",
    "/usr/src",
    "/usr/local",
    "/usr/local/src",
    "/var/tmp",
)
"""What base images have."""


def _obstacle(facts: Facts, one: Passing) -> str | None:
    """Why the file cannot be mounted, as far as its commands are not concerned."""
    if _too_old(facts):
        return "the `# syntax` of the file knows no mounts"
    if one.path.rpartition("/")[0] not in (*(place.rstrip("/") for place in _FOLDERS), facts.scopes[one.run].folder):
        return "only the COPY makes the folder of the file"
    if len(one.chain.steps) < 2 or any(mount.covers(one.path) for mount in facts.mounts(one.run)):
        return "the RUN does nothing else, or has a mount there already"
    if comments_above(one.copy):
        return "the comment above the COPY would have to go to the RUN"
    if "," in one.source + one.path or '"' in one.source + one.path or " " in one.source:
        return "its name cannot be written into a mount"
    if without(one.chain, range(one.at, one.at + 1)) is None:
        return "a comment stands beside the deletion"
    return None


def _too_old(facts: Facts) -> bool:
    """Whether the frontend that the file asks for is older than mounts, which came with 1.2."""
    found = next((d.value for d in facts.tree.directives if d.name == "syntax"), "")
    match = re.search(r"docker/dockerfile:(\d+)(?:\.(\d+))?", found)
    return match is not None and (int(match[1]), int(match[2] or 99)) < (1, 2)


def _needs_buildkit(facts: Facts) -> bool:
    """Whether the file says already that BuildKit builds it."""
    if any(directive.name == "syntax" for directive in facts.tree.directives):
        return True
    return any(
        i.inner.heredocs or any(flag.name in ("mount", "link", "network") for flag in i.inner.all_flags)
        for i in facts.stage_of
    )


def _mounted(facts: Facts, one: Passing) -> Proposal:
    edits: dict[Node, str] = {one.copy: ""}
    if not (one.run.leading or one.run.indent):
        edits[one.run.keyword] = comment_lines(one.copy) + source(one.run.keyword)
    edits |= without(one.chain, range(one.at, one.at + 1)) or {}
    flag = f"--mount=type=bind,source={one.source},target={one.path}"
    first = one.chain.steps[0] if one.at else one.chain.steps[1]
    edits |= with_flag(facts, one.run, first.parts[0], flag)
    why = f"`{one.path}` stays in the layer of its COPY though the RUN deletes it"
    if _needs_buildkit(facts):
        return Proposal(one.run, why, edits)
    return Proposal(one.run, f"{why}; a mount needs BuildKit", edits, safety=Safety.UNSAFE)
