"""`copy-with-owner-and-mode`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from optimizer.facts import Chain, Copy, Facts
from optimizer.facts.chains import leaves
from optimizer.facts.comments import comments_above, has_pragma
from optimizer.facts.context.taken import taken
from optimizer.facts.layout import without
from optimizer.facts.ownership import Held, Settled, Thing, settings
from optimizer.facts.permissions import Account, account
from optimizer.syntax.nodes import Gap, Instruction, Node, Words, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change={"layers"},
    leeway={"ownership"},
    counterparts=("tally/prefer-copy-chmod",),
)
@example(
    "a folder that one COPY brought",
    """
      FROM python:3.12-slim
      RUN useradd app
    - COPY src /app
    - RUN chown -R app:app /app
    + COPY --chown=app:app src /app
      USER app
    """,
)
@example(
    "a folder that WORKDIR made is no part of what COPY brings: the RUN keeps it, without its files",
    """
      FROM node:22
      WORKDIR /app
    - COPY package.json ./
    - COPY . .
    - RUN chown -R node:node /app
    + COPY --chown=node:node package.json ./
    + COPY --chown=node:node . .
    + RUN chown node:node /app
      USER node
    """,
)
@example(
    "the mode of a program",
    """
      FROM debian:bookworm-slim
    - COPY entrypoint.sh /usr/local/bin/
    + COPY --chmod=755 entrypoint.sh /usr/local/bin/
      # for the data
    - RUN chmod 0755 /usr/local/bin/entrypoint.sh && mkdir /data
    + RUN mkdir /data
    """,
)
@example(
    "a comment above the RUN is kept; a heredoc is a file of mode 644",
    """
      FROM debian:bookworm-slim
      # starts it
    - COPY <<EOF /start.sh
    + # must be executable
    + COPY --chmod=755 <<EOF /start.sh
      #!/bin/sh
      exec tool
      EOF
    - # must be executable
    - RUN chmod +x /start.sh
      CMD ["/start.sh"]
    """,
)
@example(
    "owner and mode, out of another stage; other paths keep the command",
    """
      FROM golang:1.24 AS build
      RUN go build -o /out/tool ./cmd/tool
      FROM debian:bookworm-slim
    - COPY --from=build /out/tool /usr/local/bin/
    - RUN chown -R nobody:nogroup /usr/local/bin/tool /var/log && chmod 755 /usr/local/bin/tool
    + COPY --from=build --chown=nobody:nogroup --chmod=755 /out/tool /usr/local/bin/
    + RUN chown -R nobody:nogroup /var/log
      CMD ["tool"]
    """,
)
@example(
    "without a group chown keeps root's, where `--chown=1000` would give 1000",
    """
      FROM debian:bookworm-slim
    - COPY data /data
    - RUN chown -R 1000 /data
    + COPY --chown=1000:0 data /data
    """,
)
@example(
    "all of a tree in one mode: a folder with a setgid bit would lose it",
    """
      FROM debian:bookworm-slim
    - COPY public /srv/public
    - RUN chmod -R 755 /srv/public
    + COPY --chmod=755 public /srv/public
    """,
    unsafe=True,
)
@unchanged(
    "the user comes later",
    """
    FROM debian:bookworm-slim
    COPY src /app
    RUN useradd app && chown -R app /app
    """,
)
@unchanged(
    "a step made other files in the folder",
    """
    FROM node:22
    WORKDIR /app
    COPY package.json ./
    RUN npm install
    COPY . .
    RUN chown -R node:node /app
    """,
)
@unchanged(
    "a step may look at the files before",
    """
    FROM python:3.12-slim
    COPY check.sh /opt/check.sh
    RUN ls -l /opt
    RUN chmod 755 /opt/check.sh
    CMD ["/opt/check.sh"]
    """,
)
@unchanged(
    "the mode of the source is not known, and a symbolic one is not read by all builders",
    """
    FROM debian:bookworm-slim
    COPY entrypoint.sh /usr/local/bin/
    RUN chmod +x /usr/local/bin/entrypoint.sh
    """,
)
@unchanged(
    "the mode of a folder is not the mode of what is in it",
    """
    FROM debian:bookworm-slim
    COPY etc /etc/app
    RUN chmod 700 /etc/app
    """,
    unsafe=True,
)
@unchanged(
    "the base image may have files there, or nobody knows what it has",
    """
    FROM nginx:1.27
    COPY site /usr/share/nginx/html
    RUN chown -R nginx /usr/share/nginx/html
    FROM example.org/base
    COPY site /app
    RUN chown -R 1000:1000 /app
    """,
)
@unchanged(
    "only a part of what COPY brings",
    """
    FROM debian:bookworm-slim
    COPY start.sh check.sh /usr/local/bin/
    RUN chmod 755 /usr/local/bin/start.sh
    """,
)
@unchanged(
    "the folder that COPY makes would belong to the user, too",
    """
    FROM debian:bookworm-slim
    COPY start.sh /app/bin/start.sh
    RUN chown 1000:1000 /app/bin/start.sh
    """,
)
@unchanged(
    "the image of another stage would change",
    """
    FROM debian:bookworm-slim AS base
    COPY start.sh /usr/local/bin/start.sh
    FROM base
    RUN chmod 755 /usr/local/bin/start.sh
    """,
)
@unchanged(
    "`--link` knows no users; a variable that a build may set; a volume",
    """
    FROM debian:bookworm-slim
    ARG WHERE=/app
    VOLUME /data
    COPY --link start.sh /usr/local/bin/start.sh
    COPY one.sh $WHERE/one.sh
    COPY two.sh /data/two.sh
    RUN chmod 755 /usr/local/bin/start.sh
    RUN chmod 755 $WHERE/one.sh
    RUN chmod 755 /data/two.sh
    """,
)
@unchanged(
    "the file asks for a syntax that has no `--chmod`",
    """
    # syntax=docker/dockerfile:1.1
    FROM debian:bookworm-slim
    COPY start.sh /usr/local/bin/start.sh
    RUN chmod 755 /usr/local/bin/start.sh
    """,
)
def copy_with_owner_and_mode(facts: Facts) -> Iterator[Proposal | Declined]:
    """Gives a COPY the owner and the mode that a later RUN would set.

    `RUN chown` and `RUN chmod` write every file that they change once more into a layer of their own: `chown -R /app`
    doubles an application. The command, or its RUN, goes; folders that WORKDIR or mkdir made keep it without `-R`.

    Safety: only where all that the command reaches is seen to come from COPYs of the stage: a folder in which the base
    image has nothing and no other step may have written, or a file by its name. Only where no step in between may look
    at it or change users and groups; the user exists at the COPY as it exists at the RUN. Only octal modes are written;
    a symbolic one is worked out where the mode of the source is known. Needs a builder that knows `COPY --chmod`:
    BuildKit, which is Docker's own since 23.0, or buildah. All of a tree in one mode is for `--unsafe`: chmod keeps the
    setgid bit of a folder, COPY does not.

    Sources: Dockerfile reference, COPY --chown and --chmod; BuildKit solver/llbsolver/ops/user_linux.go (a user alone
    gives its own group); fsutil copy/copy.go (folders that COPY makes get the owner); chown(1), chmod(1); moby#22810.
    """
    if not re.search(r"(?is)\bCOPY\b.*\bch(own|grp|mod)\b", facts.text):
        return
    for run, number, found in settings(facts):
        if isinstance(found, str):
            yield Declined(run, found)
        else:
            yield from _proposed(facts, run, number, found)


def _proposed(facts: Facts, run: Instruction, number: int, found: Settled) -> Iterator[Proposal | Declined]:
    copies = _copies(found)
    if not copies:
        return
    chain = facts.chain(run)
    why = _obstacle(facts, run, found, copies)
    if why is not None or chain is None:
        yield Declined(run, why or "the RUN cannot be read")
        return
    flags = {copy: _flag(facts, found, copy, thing) for copy, thing in copies.items()}
    kept = _kept_folders(found, flags)
    if kept is None:
        yield Declined(run, "COPY may make folders whose owner or mode would be another one")
        return
    edits = _of_run(run, chain, number, found, kept)
    if edits is None:
        yield Declined(run, "a comment stands in or above what would go, or nothing but `set` would be left")
        return
    comments = comments_above(run) if edits.get(run) == "" else ()
    for copy, flag in flags.items():
        edits |= _of_copy(facts, copy, flag, comments if copy is list(flags)[-1] else ())
    tree = found.setting.mode is not None and any(thing.kind == "tree" for thing in copies.values())
    what = source(found.setting.command.words[0])
    yield Proposal(
        found.setting.command,
        f"`{what}` writes what COPY brought once more, into another layer",
        edits,
        # On folders chmod of GNU keeps a setgid bit, which a flag would clear.
        safety=Safety.UNSAFE if tree else None,
        saves=_bytes(facts, flags),
    )


def _bytes(facts: Facts, copies: Iterable[Copy]) -> int | None:
    """How many bytes the copies take out of the context; None where that is not known."""
    total = 0
    for copy in copies:
        files = taken(copy, facts.context) if facts.context is not None else None
        if not isinstance(files, tuple):
            return None
        total += sum(file.size for file in files)
    return total


def _copies(found: Settled) -> dict[Copy, Thing]:
    """The COPYs of this stage whose files the step changes, each with one of the things that it brought."""
    things = [found.things[key] for key in found.after]
    return {thing.copy: thing for thing in things if thing.copy is not None and thing.kind in ("file", "tree")}


def _obstacle(facts: Facts, run: Instruction, found: Settled, copies: Mapping[Copy, Thing]) -> str | None:
    """Why the flags may not say it."""
    stage = facts.stage_of[run]
    if any(facts.stage_of[copy.instruction] is not stage for copy in copies):
        return "it was copied in another stage"
    if found.setting.mode is not None and _too_old(facts):
        return "`--chmod` needs Dockerfile syntax 1.2"
    if run.heredocs:
        return "the RUN is a heredoc"
    for key, thing in found.things.items():
        if thing.copy not in copies or thing.kind == "maybe":
            continue
        if key not in found.after and thing.kind != "folder":
            return "only a part of what COPY brings is meant"
        if thing.seen_by:
            return "a step between COPY and the change may look at the files"
    for copy, thing in copies.items():
        if not _same_account(facts, found, copy, thing):
            return "the user or group may not exist yet, or be another one, where COPY stands"
        if has_pragma(copy.instruction) and comments_above(run):
            return "a comment above COPY speaks to a tool"
    modes = {found.after[key].mode for key in found.after if found.things[key].kind in ("file", "tree")}
    if found.setting.mode is not None and len(modes) > 1:
        return "the files would have different modes"
    return None


def _too_old(facts: Facts) -> bool:
    syntax = next((d.value for d in facts.tree.directives if d.name == "syntax"), "")
    match = re.search(r":(\d+)(?:\.(\d+))?", syntax)
    return bool(match and match[2] and (int(match[1]), int(match[2])) < (1, 2)) or "experimental" in syntax


def _same_account(facts: Facts, found: Settled, copy: Copy, thing: Thing) -> bool:
    """Whether user and group mean at the COPY what they mean at the step."""
    scope = facts.scopes[copy.instruction]
    held = next(found.after[key] for key, one in found.things.items() if one.copy is copy and key in found.after)
    return all(
        one.name == "" or account(one.written, scope, facts.tree.escape, thing.accounts, thing.declared) == one
        for one, text in ((held.user, found.setting.user), (held.group, found.setting.group))
        if text is not None
    )


def _flag(facts: Facts, found: Settled, copy: Copy, thing: Thing) -> str | None:
    """The flag that COPY needs; None where it needs none."""
    key = next(key for key, one in found.things.items() if one is thing)
    after = found.after[key]
    if found.setting.mode is not None:
        return None if copy.mode is not None and thing.held.mode == after.mode else f"chmod={after.mode}"
    if after == thing.held:
        return None
    user, group = _written(after.user), _written(after.group)
    return f"chown={user}:{group}" if group else f"chown={user}"


def _written(one: Account) -> str:
    return one.written or one.name


def _kept_folders(found: Settled, flags: Mapping[Copy, str | None]) -> list[str] | None:
    """The folders that still need the step, as COPY does not make them so; None where some may or may not."""
    kept = []
    for key, thing in found.things.items():
        if thing.kind not in ("folder", "maybe"):
            continue
        made = _as_made(thing, thing.copy, found, flags) if thing.copy in flags else thing.held
        if made != found.after.get(key, thing.held):
            if thing.kind == "maybe" or thing.covered or key not in found.after:
                return None
            kept.append(key)
    return kept


def _as_made(thing: Thing, copy: Copy | None, found: Settled, flags: Mapping[Copy, str | None]) -> Held:
    """Owner and mode that COPY gives to a folder that it makes, once it has the flag."""
    after = next(found.after[key] for key, one in found.things.items() if one.copy is copy and key in found.after)
    if copy is None or flags[copy] is None:
        return thing.held
    if found.setting.mode is None:
        return replace(thing.held, user=after.user, group=after.group)
    return thing.held if after.mode == "755" else replace(thing.held, mode=f"755 or {after.mode}")


def _of_run(run: Instruction, chain: Chain, number: int, found: Settled, kept: list[str]) -> dict[Node, str] | None:
    """The edits of the RUN: without what COPY does now."""
    command = found.setting.command
    if any(isinstance(part, Gap) and part.comments for part in command.walk()):
        return None
    texts = [_again(found, kept)] if kept else []
    texts += [_rest(found)] if found.rest else []
    if texts:
        return {command: f" {chain.separator} ".join(texts).replace(" ;", ";")}
    others = [step for at, step in enumerate(chain.steps) if at != number]
    if others and all(leaves(step) == {"options"} for step in others):
        return None
    if others:
        edits = without(chain, range(number, number + 1))
        return None if edits is None else dict(edits)
    inside = any(gap.comments for gap in run.walk() if isinstance(gap, Gap))
    if has_pragma(run) or chain.comment is not None or inside:
        return None
    return {run: ""}


def _again(found: Settled, kept: list[str]) -> str:
    """The step for folders alone."""
    named = {word.text.rstrip("/"): word.raw for word in found.paths}
    words = [word.raw for word in found.setting.command.words]
    head = words[: words.index(found.setting.value.raw) + 1]
    head = [word for word in head if word not in ("-R", "--recursive")]
    return " ".join([*head, *(named.get(path, path) for path in kept)])


def _rest(found: Settled) -> str:
    words = [part for part in found.setting.command.words if part not in found.paths]
    return " ".join(word.raw for word in words)


def _of_copy(facts: Facts, copy: Copy, flag: str | None, comments: tuple[str, ...]) -> dict[Node, str]:
    """The edits of a COPY: one flag more, and the comments of the RUN that went."""
    instruction = copy.instruction
    edits: dict[Node, str] = {}
    if comments:
        lines = (facts.newline + instruction.indent).join([*comments, instruction.keyword.raw])
        edits[instruction.keyword] = lines
    if flag is None:
        return edits
    name = flag.partition("=")[0]
    same = next((one for one in instruction.all_flags if one.name == name), None)
    last = instruction.all_flags[-1] if instruction.all_flags else None
    if same is not None:
        return {**edits, same: f"--{flag}"}
    if last is not None:
        return {**edits, last: f"{last.raw} --{flag}"}
    body = instruction.body
    first: Node | None = body.words[0] if isinstance(body, Words) else body
    if first is not None:
        edits[first] = f"--{flag} {source(first)}"
    return edits
