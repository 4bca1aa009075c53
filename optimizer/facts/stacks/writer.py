"""The text of the two stages that a plan makes of one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.chains import Step
from optimizer.facts.layout import install_steps, step_text, written_like
from optimizer.facts.paths import within
from optimizer.facts.permissions import setting
from optimizer.facts.stacks.choice import Plan, values_of
from optimizer.facts.stacks.site import Unknown
from optimizer.facts.stacks.survey import MOVED
from optimizer.facts.texts import comment_lines
from optimizer.syntax.nodes import FILLERS, Instruction, Node, Words, rewritten

BUILDS = "# builds what the stage below runs"
RUNS = "# holds what the container needs, and nothing that built it"
_NAMES = ("builder", "build", "compile", "build-stage", "build-tools")
_PLAIN = re.compile(r"[\w./+@:,~=-]+")


class Writer(Struct):
    """Writes the two stages of a plan, in the file's own layout."""

    facts: Facts
    stage: BuildStage
    plan: Plan

    def edits(self) -> dict[Node, str]:
        """The FROM, what goes from the builder, and the new stage behind the last instruction. Raises Unknown."""
        head = self.stage.node.instructions[0]
        steps = self.stage.instructions
        moved = {one for n, one in enumerate(steps) if one.name in MOVED or n > self._last_layer}
        edits: dict[Node, str] = {head: self._head(), **dict.fromkeys(moved, "")}
        if (opens := self.plan.opens) is not None:
            edits[opens] = self._opening() + self.facts.sources[opens]
        if self.plan.closing is not None:
            edits[steps[self._last_layer]] = self._with_closing(steps[self._last_layer], self.plan.closing)
        edits[steps[-1]] = self._closed(edits.get(steps[-1], self.facts.sources[steps[-1]]))
        return edits

    @property
    def _last_layer(self) -> int:
        return max(n for n, one in enumerate(self.stage.instructions) if one.name in FILLERS)

    def _builder(self) -> str:
        """A name for the builder that nothing in the file uses."""
        used = {one.name for one in self.facts.stages} | {one.base for one in self.facts.stages}
        used |= {name.lower() for name in re.findall(r"from=([\w.-]+)", self.facts.text)}
        return next(name for name in (*_NAMES, *(f"builder-{n}" for n in range(2, 99))) if name not in used)

    def _head(self) -> str:
        head = self.stage.node.instructions[0]
        body = head.body
        assert isinstance(body, Words)
        name = self._builder()
        word = " as " if head.keyword.raw.islower() else " AS "
        named = len(body.words) == 3
        edits: dict[Node, str] = {body.words[2]: name} if named else {body.words[0]: body.words[0].raw + word + name}
        text = rewritten(head, edits)[len(comment_lines(head)) :]
        opening = self._opening() if self.plan.opens is None else ""
        return comment_lines(head) + BUILDS + self.facts.newline + text + opening

    def _opening(self) -> str:
        return "".join(written_like(self._run, *said) + self.facts.newline for said in self.plan.opening)

    def _with_closing(self, last: Instruction, command: str) -> str:
        text = self.facts.sources[last]
        return (text if text.endswith("\n") else text + self.facts.newline) + (
            written_like(self._run, "RUN", command) + self.facts.newline
        )

    def _closed(self, own: str) -> str:
        """The text of the last instruction with the new stage behind it."""
        newline = self.facts.newline
        own += newline if own and not own.endswith("\n") else ""
        text = own + newline + "".join(line if line.endswith("\n") else line + newline for line in self._lines())
        ends = self.facts.sources[self.stage.instructions[-1]].endswith("\n")
        return text if ends else text.removesuffix(newline)

    def _lines(self) -> Iterator[str]:
        """The new stage."""
        head = self.stage.node.instructions[0]
        body = head.body
        assert isinstance(body, Words)
        flags = "".join(f"{flag.text} " for flag in head.all_flags)
        name = f" {body.words[1].raw} {body.words[2].raw}" if len(body.words) == 3 else ""
        yield RUNS
        yield written_like(head, "FROM", f"{flags}{self.plan.image}{name}")
        yield from (written_like(self._run, *said) for said in self.plan.opening if said[0] == "ENV")
        lines = list(self._body())
        for key, value in values_of(self.plan, lines).items():
            yield written_like(self._run, "ENV", f"{key}={value}")
        if self.plan.packages:
            yield self._install()
        yield from lines

    def _install(self) -> str:
        lean = not self.plan.survey.recommended
        steps = install_steps(self.stage.system, sorted(self.plan.packages), lean=lean)
        return written_like(self._run, "RUN", " && ".join(steps))

    @property
    def _run(self) -> Instruction:
        return next(one for one in self.stage.instructions if one.name == "RUN")

    def _body(self) -> Iterator[str]:
        """What stands behind the FROM, but for what the builder's image set."""
        steps = self.stage.instructions
        entered = [one for one in steps if one.name == "WORKDIR"]
        folder = self.plan.survey.end.folder
        if not entered and folder != "/" and self.plan.image != self.stage.base:
            yield written_like(self.stage.node.instructions[0], "WORKDIR", folder or "/")
        names = self._variables()
        for number, one in enumerate(steps):
            last = number == self._last_layer
            if one.name == "WORKDIR" and one is entered[-1]:
                yield self._entered(one, moved=number > self._last_layer)
            elif one.name in MOVED or (number > self._last_layer and one.name != "WORKDIR"):
                yield self.facts.sources[one]
            elif one.name in ("ENV", "USER", "SHELL") or (one.name == "ARG" and _defines(one, names)):
                yield self._without_comments(one)
            elif one.name == "RUN" and (made := [step for run, step in self.plan.users if run is one]):
                yield _ran(one, made)
            elif one in self.plan.survey.elsewhere:
                yield self._without_comments(one)
            if last:
                yield from (written_like(self._run, "RUN", f"chown {owner} {path}") for path, owner in self._folders())
                yield from self._copies()
                yield from self._owners(one)

    def _variables(self) -> set[str]:
        """The names that what stands in the new stage reads."""
        kept = [one for one in self.stage.instructions if one.name in (*MOVED, "ENV", "USER", "WORKDIR")]
        kept += [run for run, _ in (*self.plan.users, *self.plan.owners)] + self.plan.survey.elsewhere
        return {name for one in kept for name in re.findall(r"\$\{?(\w+)", self.facts.sources[one])}

    def _entered(self, one: Instruction, *, moved: bool) -> str:
        """The last WORKDIR, with an absolute path."""
        text = self.facts.sources[one] if moved else self._without_comments(one)
        body = one.body
        if isinstance(body, Words) and not body.words[0].text.startswith(("/", '"/')):
            text = (comment_lines(one) if moved else "") + written_like(
                one, "WORKDIR", self.plan.survey.end.folder or "/"
            )
        return text

    def _without_comments(self, one: Instruction) -> str:
        return self.facts.sources[one][len(comment_lines(one)) :]

    def _copies(self) -> Iterator[str]:
        like = next((one for one in self.stage.instructions if one.name == "COPY"), self.stage.node.instructions[0])
        together: dict[tuple[str, str], list[str]] = {}
        given = self._given()
        for path in self.plan.copies:
            glob = re.fullmatch(r"(.+/)[^/]*\*[^/]*", path)
            if not _PLAIN.fullmatch(path.replace("*", "", 1) if glob is not None else path):
                raise Unknown(f"`{path}` cannot be written as a plain word")
            alone = path not in self.plan.survey.ground.files
            whole = path if glob is None else glob[1]
            target = whole if alone else posixpath.dirname(path).rstrip("/") + "/"
            owner = next((f"--chown={owner} " for place, owner in given.values() if within(path, place)), "")
            together.setdefault((target, owner), []).append(path)
        for (target, owner), paths in together.items():
            target = paths[0] if len(paths) == 1 and "*" not in paths[0] else target
            yield written_like(like, "COPY", f"--from={self._builder()} {owner}{' '.join(paths)} {target}")

    def _given(self) -> dict[Step, tuple[str, str]]:
        """The steps that give a folder to somebody, with folder and owner, where COPY can give it as well.

        `chown -R` would write all of it once more, into another layer. COPY gives what it makes, not a folder that is
        there: that is the one of WORKDIR.
        """
        found = {}
        folder = self.plan.survey.end.folder or "/"
        for run, step in self.plan.owners:
            said = setting(step)
            words = [word.literal for word in said.paths] if said is not None else []
            if said is None or not said.recursive or not (said.user and said.group) or len(words) != 1:
                continue
            path = posixpath.normpath(posixpath.join(self.plan.survey.scopes[run].folder or "\0", words[0] or "\0"))
            moved = (words[0] or "")[:1] != "/" and any(call.name == "cd" for call in self.facts.calls(run))
            owner = f"{said.user}:{said.group}"
            larger = any(within(path, one) and path != one for one in self.plan.copies)
            known = _PLAIN.fullmatch(path) and _PLAIN.fullmatch(owner) and (path == folder or not within(folder, path))
            if known and not larger and not moved and any(within(one, path) for one in self.plan.copies):
                found[step] = (path, owner)
        places = [path for path, _ in found.values()]
        return found if len(places) == len(self.plan.owners) == len(set(places)) else {}

    def _folders(self) -> Iterator[tuple[str, str]]:
        """The folder in which it starts, with its owner, where COPY does not give it to him."""
        return (one for one in self._given().values() if one[0] == self.plan.survey.end.folder)

    def _owners(self, last: Instruction) -> Iterator[str]:
        scopes = self.plan.survey.scopes
        given = self._given()
        for run in dict.fromkeys(run for run, _ in self.plan.owners):
            if scopes[run].user != scopes[last].user:
                raise Unknown("another user is in force where it sets owners", run)
            steps = [step for other, step in self.plan.owners if other is run and step not in given]
            if steps:
                yield _ran(run, steps)


def _ran(run: Instruction, steps: Sequence[Step]) -> str:
    return written_like(run, "RUN", " && ".join(step_text(step).strip() for step in steps))


def _defines(instruction: Instruction, names: set[str]) -> bool:
    """Whether an ARG is one of these."""
    return any(pair.name.text in names for pair in getattr(instruction.body, "pairs", ()))
