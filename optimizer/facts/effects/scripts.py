"""What a RUN does, command by command, each where the commands before it leave the shell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from optimizer.facts.calls import Call, calls_in
from optimizer.facts.effects.actions import Action, barrier
from optimizer.facts.effects.commands import action_of
from optimizer.facts.effects.places import UNKNOWN
from optimizer.facts.effects.words import Where
from optimizer.facts.texts import shortened
from optimizer.knowledge import commands
from optimizer.syntax.nodes import (
    Command,
    Comment,
    Compound,
    Gap,
    Instruction,
    Node,
    Opaque,
    Operator,
    Redirect,
    Reserved,
    Word,
    source,
)

_LONGEST = 60


def actions_in(instruction: Instruction, parts: Sequence[Node], where: Where) -> Iterator[Action]:
    """The actions of a list of commands, in order."""
    yield from _Walk(instruction, where).through(parts)


def actions_by_step(
    instruction: Instruction, steps: Iterable[Sequence[Node]], where: Where
) -> Iterator[tuple[Action, ...]]:
    """The actions of each step of a chain, where the steps before it leave the shell."""
    walk = _Walk(instruction, where)
    for parts in steps:
        yield tuple(walk.through(parts))


class _Walk:
    """The place in the shell while a script is walked."""

    def __init__(self, instruction: Instruction, where: Where) -> None:
        self._instruction = instruction
        self._where = where
        self._finds_elsewhere = False

    def through(self, parts: Sequence[Node]) -> Iterator[Action]:
        piped = _in_pipelines(parts)
        for part in parts:
            match part:
                case Command():
                    yield from self._command(part, alone=part not in piped)
                case Compound():
                    yield from self._compound(part)
                case Redirect():
                    yield from self._redirect(part)
                case Opaque():
                    yield barrier(_short(part.text))
                case Word():
                    yield from self._substitutions(part)
                case Gap() | Comment() | Operator() | Reserved():
                    continue

    def _command(self, command: Command, *, alone: bool) -> Iterator[Action]:
        for call in calls_in(self._instruction, (command,)):
            if call.node is command and not call.substituted:
                yield self._act(call, command)
                if alone:
                    self._left(call, command)
            else:
                yield action_of(call, self._where, _short(source(call.node)))

    def _act(self, call: Call, command: Command) -> Action:
        where = self._where
        if call.words and command.assignments:
            where = replace(where, variables={**where.variables, **_assigned(command.assignments, where)})
        action = action_of(call, where, _short(_joined(command)))
        names = {word.text.partition("=")[0].rstrip("+") for word in command.assignments}
        if any(not program.startswith("=") for program in action.programs) and (
            self._finds_elsewhere or ("PATH" in names and call.words)
        ):
            return barrier(action.text)
        return action

    def _left(self, call: Call, command: Command) -> None:
        """What the command leaves for those behind it: folder and variables."""
        where = self._where
        if any(word.text.startswith(("PATH=", "PATH+=")) for word in command.parts if isinstance(word, Word)):
            self._finds_elsewhere = self._finds_elsewhere or not call.words or call.name in ("export", "declare")
        if not call.words:
            self._where = replace(where, variables={**where.variables, **_assigned(command.assignments, where)})
            return
        match call.name:
            case "cd" if not call.wrapped_by or call.wrapped_by == ("command",):
                target = where.value(call.words[1]) if len(call.words) == 2 else UNKNOWN
                known = UNKNOWN not in target and target != "-"
                place = where.place(target).path if known else None
                by_setting = where.by_setting and not target.startswith("/")
                self._where = replace(
                    where, folder=place if place != "/" or target == "/" else None, by_setting=by_setting
                )
            case "pushd" | "popd":
                self._where = where.entering(None)
            case "export" | "readonly" | "local" | "declare" | "typeset":
                words = [word for word in call.words[1:] if isinstance(word, Word) and "=" in word.text]
                self._where = replace(where, variables={**where.variables, **_assigned(words, where)})
            case "read" | "unset" | "mapfile" | "readarray" | "getopts" | "let":
                names = {word.text for word in call.words[1:]}
                self._where = replace(where, variables={**where.variables, **dict.fromkeys(names)})

    def _compound(self, compound: Compound) -> Iterator[Action]:
        """A group runs here; a subshell leaves nothing; behind a branch or a loop it is not known what ran."""
        before = self._where
        if compound.kind == "function":
            yield barrier(_short(source(compound)))
            return
        if compound.kind == "[[":
            yield from self._condition(compound)
            return
        if compound.kind in ("while", "until", "for", "select"):
            self._where = replace(before, variables={**before.variables, **dict.fromkeys(_changed(compound))})
            if _moves(compound):
                self._where = replace(self._where, folder=None)
            yield from self._listed(compound)
        start = self._where
        for variables in _rounds(compound, before):
            self._where = replace(start, variables={**start.variables, **variables})
            yield from self.through(compound.parts)
        if compound.kind == "(":
            self._where = before
        elif compound.kind != "{":
            unknown = dict.fromkeys(_changed(compound))
            folder = before.folder if not _moves(compound) else None
            self._where = replace(before, folder=folder, variables={**before.variables, **unknown})

    def _listed(self, compound: Compound) -> Iterator[Action]:
        """The words over which a loop goes may be files, or globs that a shell fills in."""
        words = [self._where.value(part) for part in compound.parts if isinstance(part, Word)]
        globs = [word for word in words if any(char in word for char in "*?[/")]
        if globs and compound.kind in ("for", "select"):
            reads = frozenset(self._where.place(word, below=True) for word in globs)
            relative = any(self._where.uses_folder(word) for word in globs)
            yield Action(compound.kind, reads=reads, settings=frozenset({"folder"} if relative else ()))

    def _condition(self, compound: Compound) -> Iterator[Action]:
        words = [part for part in compound.parts if isinstance(part, Word)]
        reads = {self._where.place(self._where.value(word)) for word in words if "/" in word.text or len(words) > 1}
        yield Action("[[", reads=frozenset(reads), settings=frozenset({"folder"} if self._where.by_setting else ()))

    def _redirect(self, redirect: Redirect) -> Iterator[Action]:
        call = Call(self._instruction, Command((redirect,)), ())
        yield action_of(call, self._where, _short(source(redirect)))

    def _substitutions(self, word: Word) -> Iterator[Action]:
        for call in calls_in(self._instruction, (word,)):
            yield action_of(call, self._where, _short(source(call.node)))


def _in_pipelines(parts: Sequence[Node]) -> set[Node]:
    """The parts that are members of a pipeline: each runs in a shell of its own."""
    solid = [part for part in parts if not isinstance(part, Gap | Comment)]
    found: set[Node] = set()
    for at, part in enumerate(solid):
        if isinstance(part, Operator) and part.text in ("|", "|&", "&"):
            found.update(solid[max(0, at - 1) : at + 2])
    return found


def _assigned(words: Sequence[Word], where: Where) -> dict[str, str | None]:
    """The variables that assignments set, with the values that are known."""
    found: dict[str, str | None] = {}
    for word in words:
        name, _, value = word.text.partition("=")
        text = where.expanded(value)
        plain = name.isidentifier()
        found[name.rstrip("+")] = text if plain and not any(char in text for char in "*?[ \t\n") else None
    return found


_ROUNDS = 12


def _rounds(compound: Compound, where: Where) -> list[dict[str, str | None]]:
    """What each round of a `for` gives its variable, where the words tell; one round of everything else."""
    if compound.kind not in ("for", "select"):
        return [{}]
    words = [part for part in compound.parts if isinstance(part, Word)]
    values = [where.value(word) for word in words[1:]]
    if not values or len(values) > _ROUNDS or any(UNKNOWN in value or " " in value for value in values):
        return [dict.fromkeys(word.text for word in words[:1])]
    return [{words[0].text: value} for value in values]


def _changed(compound: Compound) -> set[str]:
    """The variables that a compound may set."""
    found: set[str] = set()
    for node in compound.walk():
        if isinstance(node, Command):
            found |= {word.text.partition("=")[0].rstrip("+") for word in node.assignments}
            if node.words and node.words[0].literal in (
                "export",
                "read",
                "local",
                "declare",
                "unset",
                "let",
                "mapfile",
            ):
                found |= {word.text.partition("=")[0] for word in node.words[1:]}
        elif isinstance(node, Compound) and node.kind in ("for", "select"):
            found |= {part.text for part in node.parts[:4] if isinstance(part, Word)}
    return found


def _moves(compound: Compound) -> bool:
    """Whether some command below may leave another folder."""
    return any(
        isinstance(node, Command)
        and node.words
        and commands().leaves.get(node.words[0].literal or "") in ("directory", "control")
        for node in compound.walk()
    )


def _joined(command: Command) -> str:
    return " ".join(
        part.text if isinstance(part, Word) else source(part) for part in command.parts if not isinstance(part, Gap)
    )


def _short(text: str) -> str:
    return shortened(" ".join(text.replace("\\\n", " ").split()), _LONGEST)
