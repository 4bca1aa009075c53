"""How the file lays out its chains, and where a step can be put into one so that it looks like its neighbours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from optimizer.facts import Facts
from optimizer.facts.bases import System
from optimizer.facts.chains import Chain, Step, heeds_errexit, leaves
from optimizer.facts.comments import comments_above
from optimizer.facts.neighbours import Member
from optimizer.syntax.nodes import Comment, Gap, Instruction, Item, Node, Operator, Word, rewritten, source

LINE_LENGTH = 100
"""Columns up to which a step may be put on a line that is there."""


def appendable(chain: Chain) -> str | None:
    """Why nothing can be put behind the chain's last step; None where something can."""
    if not chain.steps:
        return "it runs nothing"
    if any("control" in leaves(step) for step in chain.steps):
        return "it may leave its shell early"
    if chain.separator == ";" and chain.steps[-1].command is None:
        return "the exit status of its last step would be lost"
    if chain.separator == "&&" and chain.errexit and heeds_errexit(chain.steps[-1].parts):
        return "`set -e` would no longer stop its last step midway"
    return None


class Addition(Struct, frozen=True):
    """A command to be put behind a chain, with the comments (with their `#`) that travel with it."""

    command: str
    comments: tuple[str, ...] = ()


def appended(facts: Facts, instruction: Instruction, chain: Chain, *additions: Addition) -> Mapping[Node, str]:
    """The edit that puts commands behind the last step of a RUN."""
    last = chain.steps[-1].parts[-1]
    text = source(last)
    broken = len(additions) > 1
    for addition in additions:
        text += _joint(facts, instruction, chain, addition, at_end=True, broken=broken) + addition.command
    return {last: text}


def joined(facts: Facts, members: Sequence[Member]) -> Mapping[Node, str]:
    """The edits that make neighbouring RUNs one, in the place of the first."""
    first, *others = members
    chain = first.chain or Chain((), (), "&&", None, False)
    texts = [_run_text(facts, first.run), *(_shell_text(other) for other in others)]
    additions = [addition for other in others for addition in _additions(facts, first.run, chain, other)]
    short = sum(len(text) + 4 for text in texts) <= LINE_LENGTH and not any("\n" in text for text in texts)
    if short and not any(addition.comments for addition in additions):
        return _with_rest(facts, members, "".join(f" && {text}" for text in texts[1:]))
    rest = [_joint(facts, first.run, chain, one, at_end=True, broken=True) + one.command for one in additions]
    return _with_rest(facts, members, "".join(rest))


def _shell_text(member: Member) -> str:
    text = "".join(("( " if part is member.wrapped else "") + source(part) for part in member.parts)
    return f"{text} )" if member.wrapped else text


def _run_text(facts: Facts, run: Instruction) -> str:
    """The RUN as it stands, without the lines above it."""
    return facts.sources[run][len("".join(line.raw for line in run.leading)) :].rstrip("\r\n")


def _additions(facts: Facts, run: Instruction, chain: Chain, other: Member) -> list[Addition]:
    """A RUN that joins: as it is laid out where that is the way of the RUN that it joins, else step by step."""
    comments = comments_above(other.run) + ((other.comment.text,) if other.comment else ())
    if other.wrapped or other.chain is None:
        return [Addition(_shell_text(other), comments)]
    sample = _joint(facts, run, chain, Addition(""), at_end=True, broken=True)
    joints = [_text(separator) for separator in other.chain.separators]
    if any("#" in joint for joint in joints) or all(_breaks_alike(joint, sample) for joint in joints):
        return [Addition(_shell_text(other), comments)]
    steps = [step_text(step) for step in other.chain.steps]
    return [Addition(steps[0], comments), *map(Addition, steps[1:])]


def _breaks_alike(one: str, other: str) -> bool:
    """Whether two joints both end a line with their operator, or both begin one with it."""
    return "\n" in one and ("&&" in one.partition("\n")[0]) == ("&&" in other.partition("\n")[0])


def _with_rest(facts: Facts, members: Sequence[Member], rest: str) -> Mapping[Node, str]:
    """The edits: the first RUN gets the rest, and its comment at the end goes above it; the others go away."""
    first = members[0]
    edits: dict[Node, str] = dict.fromkeys((member.run for member in members[1:]), "")
    end = first.parts[-1]
    if first.wrapped:
        edits[first.wrapped] = "( " + source(first.wrapped)
    edits[end] = edits.get(end, source(end)) + (" )" if first.wrapped else "") + rest
    script = facts.script(first.run)
    behind = script.parts[script.parts.index(end) + 1 :] if script else ()
    end_of_script = (*behind, first.run.tail)
    edits |= {part: "" for part in end_of_script if isinstance(part, Comment | Operator)}
    edits |= {part: "" for part in end_of_script if isinstance(part, Gap) and not part.comments}
    if first.comment is not None:
        keyword = first.run.keyword
        edits[keyword] = f"{first.comment.text}{facts.newline}{first.run.indent}{source(keyword)}"
    if not members[-1].run.newline:  # the file ends without one, and so it stays
        gone: dict[Node, str] = dict.fromkeys((member.run for member in members[1:]), "")
        own = {node: text for node, text in edits.items() if node not in gone}
        return {first.run: rewritten(first.run, own).rstrip("\r\n"), **gone}
    return edits


def with_flag(facts: Facts, run: Instruction, first: Node, flag: str) -> Mapping[Node, str]:
    """The edit that gives a RUN a flag on a line of its own, before the node that it then begins with."""
    joint = f" {facts.tree.escape}{facts.newline}{_indent(_run_text(facts, run), facts)}"
    return {first: flag + joint + source(first)}


def inserted(facts: Facts, instruction: Instruction, chain: Chain, at: int, command: str) -> Mapping[Node, str]:
    """The edit that puts a command before the step with that number."""
    first = chain.steps[at].parts[0]
    return {first: command + _joint(facts, instruction, chain, Addition(command), at_end=False) + source(first)}


def without(chain: Chain, gone: range) -> Mapping[Node, str] | None:
    """The edits that take neighbouring steps out of a chain that keeps at least one; None: a comment would go too."""
    nodes: list[Node] = [part for i in gone for part in chain.steps[i].parts]
    joints = range(gone.start, gone.stop) if gone.stop < len(chain.steps) else range(gone.start - 1, gone.stop - 1)
    nodes += [part for i in joints for part in chain.separators[i]]
    if any(gap.comments for node in nodes for gap in node.walk() if isinstance(gap, Gap)):
        return None
    return dict.fromkeys(nodes, "")


def step_text(step: Step) -> str:
    """A step as it stands in the file."""
    return "".join(source(part) for part in step.parts)


def _joint(
    facts: Facts, instruction: Instruction, chain: Chain, addition: Addition, *, at_end: bool, broken: bool = False
) -> str:
    """What stands between two steps: as in this RUN, else as in the others of the file."""
    text = _run_text(facts, instruction)
    own = [joint for joint in map(_text, chain.separators) if "#" not in joint]
    joint = (own[-1] if at_end else own[0]) if own else ""
    if facts.script(instruction) is not instruction.inner.body:
        joint = joint or facts.newline
    if "\n" not in joint:
        line = text.rpartition("\n")[2] if at_end else text.partition("\n")[0]
        fits = len(line) + len(addition.command) + 4 <= LINE_LENGTH and not (at_end and "\n" in text)
        if fits and not broken and not addition.comments and "\n" not in addition.command:
            return joint or (" && " if chain.separator == "&&" else "; ")
        joint = _broken(facts, chain, _indent(text, facts))
    first, line_end, rest = joint.partition("\n")
    blanks = rest[: len(rest) - len(rest.lstrip(" \t"))]
    comments = "".join(f"{blanks}{comment}{facts.newline}" for comment in addition.comments)
    return first + line_end + comments + rest


def _text(separator: tuple[Node, ...]) -> str:
    return "".join(source(part) for part in separator)


def _broken(facts: Facts, chain: Chain, indent: str) -> str:
    """A joint with a line break, in the way that the file has most: `&&` ends a line or begins one."""
    line_end = facts.tree.escape + facts.newline + indent
    if chain.separator == ";":
        return f"; {line_end}"
    trailing = len(re.findall(r"&&[ \t]*\\\r?\n", facts.text))
    leading = len(re.findall(r"\n[ \t]*&&", facts.text))
    return f" && {line_end}" if trailing > leading else f" {line_end}&& "


def _indent(text: str, facts: Facts) -> str:
    """The blanks before the lines of a RUN that goes over several; else those of the file's first such line."""
    own = [line[: len(line) - len(line.lstrip(" \t"))] for line in text.split("\n")[1:] if line.strip()]
    if own := [blanks for blanks in own if blanks]:
        return min(own, key=len)
    match = re.search(r"\\\r?\n([ \t]+)\S", facts.text)
    return match[1] if match else "    "


def flag_inserted(
    words: tuple[Word | Item, ...], verb: Word | Item, flag: str, *, before: bool = False
) -> Mapping[Node, str]:
    """The edit that gives a command an option: behind its verb and the options that follow the verb."""
    if before:
        return {verb: _listed(flag, verb) + source(verb)}
    at = words.index(verb)
    while at + 1 < len(words) and (literal := words[at + 1].literal) is not None and _is_switch(literal):
        at += 1
    place = words[at]
    text = f", {json.dumps(flag)}" if isinstance(place, Item) else f" {flag}"
    return {place: source(place) + text}


def _listed(flag: str, beside: Word | Item) -> str:
    return f"{json.dumps(flag)}, " if isinstance(beside, Item) else f"{flag} "


def _is_switch(literal: str) -> bool:
    """An option that surely takes no value from the next word."""
    return literal in ("-y", "--yes", "--assume-yes", "-q", "-qq", "-qqy", "-yq", "-yqq", "-qy", "--quiet")


def written_like(instruction: Instruction, name: str, arguments: str) -> str:
    """A new instruction without its line end, with the case and the blank of one that is there."""
    word = name.lower() if instruction.keyword.raw.islower() else name
    gap = source(instruction.gap) if instruction.gap is not None else " "
    return word + (gap if gap.strip(" \t") == "" and len(gap) == 1 else " ") + arguments


def install_steps(system: System | None, names: Iterable[str], *, lean: bool = True) -> tuple[str, ...]:
    """The steps that install packages of Debian or Alpine and leave no lists behind. `lean`: only what is named."""
    words = " ".join(names)
    if system is not None and system.name == "alpine":
        return (f"apk add --no-cache {words}",)
    option = " --no-install-recommends" if lean else ""
    return "apt-get update", f"apt-get install -y{option} {words}", "rm -rf /var/lib/apt/lists/*"
