"""`copy-manifests-first`."""

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from optimizer.facts import Copy, Facts
from optimizer.facts.chains import leaves
from optimizer.facts.installs import Standing, conflict, inside, installs_of
from optimizer.facts.layout import without
from optimizer.facts.manifests import Need, install_of
from optimizer.syntax.nodes import ExecForm, Instruction, Node, rewritten, source
from optimizer.transform import Declined, Leeway, Proposal, Safety, comment_lines, example, transform

MOST_COPIES = 8
"""COPY lines that manifests in several folders may cost."""

_PROJECT = {"package.json": "{}", "package-lock.json": "{}", "index.js": ""}


@transform(Safety.SAFE, may_change={"layers", "copied"}, leeway={"manifests"})
@example(
    "the sources come behind the install",
    """
      FROM node:22-slim
      WORKDIR /app
      # the application
    - COPY . .
    + COPY package-lock.json package.json ./
      RUN npm ci
    + # the application
    + COPY . .
      RUN npm run build
      CMD ["node", "index.js"]
    """,
)
def copy_manifests_first(facts: Facts) -> Iterator[Proposal | Declined]:
    """Copies what an install reads before it, and everything else behind it.

    A COPY of all sources above an install makes every change of a source file install all packages again. Above the
    install only the manifests are needed: `package.json` and the lock file, `requirements.txt`, `go.mod` ...

    Safety: only where the build context is known and the manifests tell all that the install reads: no script that
    runs then, no package out of the sources. What stands between the COPY and the install must have nothing to do with
    the files. What the install writes must not lie in the context.

    Sources: Dockerfile best practices, leverage build cache; domain.md 1.2, 1.3.
    """
    for stage in facts.stages:
        for number, instruction in enumerate(stage.instructions):
            copy = facts.copies.get(instruction)
            if copy is not None and copy.instruction is instruction and copy.from_context and not copy.documents:
                yield from _sunk(facts, copy, stage.instructions[number + 1 :])


def _sunk(facts: Facts, copy: Copy, behind: Sequence[Instruction]) -> Iterator[Proposal | Declined]:
    places = facts.placed(copy)
    if places is None:
        if (run := _installing(facts, behind)) is not None:
            why = facts.no_context or "it is not certain what the COPY above it takes"
            yield Declined(run, f"what it needs of the sources is not known: {why}")
        return
    walk = _Walk(facts, copy, places)
    yield from walk.declined(behind)
    if walk.targets and not places.keys() <= set(walk.targets[-1].needed):
        yield _moved(facts, copy, places, walk.targets[-1])


def _installing(facts: Facts, behind: Sequence[Instruction]) -> Instruction | None:
    """The first RUN that installs from a manifest."""
    runs = (one for one in behind if one.name == "RUN")
    return next((run for run in runs if any(install_of(call) for call in facts.calls(run))), None)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the COPY may go: behind the step `at` of a RUN, past these installs.

    `stays`: a WORKDIR between needs the folder that the COPY makes, so the copy of the manifests takes its place.
    """

    run: Instruction
    at: int
    passed: tuple[Standing, ...]
    stays: bool

    @property
    def needed(self) -> tuple[str, ...]:
        """What the installs read, as paths of the image."""
        files = (path for one in self.passed if isinstance(one.need, Need) for path in one.need.files)
        return tuple(dict.fromkeys(files))

    @property
    def rewritten(self) -> frozenset[str]:
        """The lock files that the installs may write."""
        return frozenset(path for one in self.passed if isinstance(one.need, Need) for path in one.need.rewrites)


class _Walk:
    """The way of a COPY down its stage, as far as nothing needs its files but installs that read few of them."""

    def __init__(self, facts: Facts, copy: Copy, places: Mapping[str, str]) -> None:
        self._facts = facts
        self._copy = copy
        self._places = places
        self._passed: list[Standing] = []
        self._stays = False
        self.targets: list[_Target] = []

    def declined(self, behind: Sequence[Instruction]) -> Iterator[Declined]:
        """Walk; gives the installs that it cannot pass, and why."""
        for other in behind:
            if other.name != "RUN":
                if not self._passes(other):
                    return
                continue
            why = self._into(other)
            if why is not None:
                if why:
                    yield Declined(other, why)
                return

    def _passes(self, other: Instruction) -> bool:
        """Whether an instruction has nothing to do with the files; the COPY in its old place makes the same folder."""
        folder = self._facts.entered(other)
        if folder != self._facts.scopes[other].folder and other.name == "WORKDIR" and self._relative:
            return False
        if conflict(self._facts, self._copy.instruction, other) is None:
            return True
        self._stays = folder is not None and inside((self._copy.destination or "").rstrip("/"), (folder,))
        return self._stays

    @property
    def _relative(self) -> bool:
        return not self._copy.words[-1].text.startswith("/")

    def _into(self, run: Instruction) -> str | None:
        """Walk through a RUN; None where its end is reached, else why not (empty: it needs the sources)."""
        chain = self._facts.chain(run)
        if chain is None:
            return "" if conflict(self._facts, self._copy.instruction, run) else None
        standing = {one.at: one for one in installs_of(self._facts, run)}
        splittable = chain.separator == "&&" and chain.comment is None and not run.heredocs
        for at, step in enumerate(chain.steps):
            if at in standing:
                if (why := self._blocked(standing[at])) is not None:
                    return why
                self._passed.append(standing[at])
                if at == len(chain.steps) - 1 or (splittable and not any(map(leaves, chain.steps[: at + 1]))):
                    self.targets.append(_Target(run, at, tuple(self._passed), self._stays))
            elif conflict(self._facts, self._copy.instruction, run, step):
                return ""
        if self._passed and self._passed[-1].run is run:
            self.targets.append(_Target(run, len(chain.steps) - 1, tuple(self._passed), self._stays))
        return None

    def _blocked(self, install: Standing) -> str | None:
        if not isinstance(install.need, Need):
            return f"the sources must be there for it: {install.need}"
        for path, name in self._places.items():
            if inside(path, install.need.writes) and path not in install.need.files:
                return f"`{name}` of the build context would lie over what it installs; put it into .dockerignore"
        return None


def _moved(facts: Facts, copy: Copy, places: Mapping[str, str], target: _Target) -> Proposal | Declined:
    instruction = copy.instruction
    manifests = _manifests(facts, copy, places, target.needed)
    parts = _parted(facts, target)
    if manifests is None:
        return Declined(target.run, "what it needs lies in too many folders")
    if parts is None:
        return Declined(target.run, "a comment stands where it would be parted")
    text, rest = parts
    sources = source(instruction)
    if not text.endswith("\n"):
        text += facts.newline
        sources = sources if rest else sources.rstrip("\r\n")
    edits: dict[Node, str] = {instruction: "", target.run: text + sources + rest}
    first = target.passed[0].run
    if target.stays:
        edits[instruction] = _above(instruction, manifests)
    else:
        edits[first] = _above(first, manifests) + edits.get(first, source(first)).removeprefix(_blank(first))
    why = _why(facts, instruction, target, parted=bool(rest))
    if not target.rewritten:
        return Proposal(instruction, why, edits)
    lock = posixpath.basename(min(target.rewritten))
    why += f"; the install may write `{lock}`, over which the COPY now comes"
    return Proposal(instruction, why, edits, safety=Safety.UNSAFE, leeway=frozenset({Leeway.UNLOCKED}))


def _parted(facts: Facts, target: _Target) -> tuple[str, str] | None:
    """The RUN up to the install, and a RUN of the steps behind it (empty: none); None: a comment would be lost."""
    chain = facts.chain(target.run)
    count = len(chain.steps) if chain else 0
    if chain is None or target.at + 1 == count:
        return source(target.run), ""
    head, tail = without(chain, range(target.at + 1, count)), without(chain, range(target.at + 1))
    if head is None or tail is None:
        return None
    return rewritten(target.run, head), rewritten(target.run, tail).removeprefix(comment_lines(target.run))


def _above(instruction: Instruction, lines: str) -> str:
    """The lines, with the blank lines that stand above an instruction."""
    return _blank(instruction) + lines


def _blank(instruction: Instruction) -> str:
    return "".join(line.raw for line in takewhile(lambda line: line.comment is None, instruction.leading))


def _why(facts: Facts, copy: Instruction, target: _Target, *, parted: bool) -> str:
    steps = [one for one in facts.stage_of[copy].instructions if one.name in ("RUN", "COPY", "ADD", "WORKDIR")]
    names = (" ".join(filter(None, [one.install.row.commands[0], one.install.verb])) for one in target.passed)
    why = "a change of any file ran " + ", ".join(f"`{name}`" for name in dict.fromkeys(names)) + " again"
    was, now = len(steps) - steps.index(copy), len(steps) - steps.index(target.run) + parted
    return why if now >= was else f"{why}: {was} of the stage's {len(steps)} steps, now {now}"


def _manifests(facts: Facts, copy: Copy, places: Mapping[str, str], needed: Sequence[str]) -> str | None:
    """The COPY lines of what is needed, folder by folder; None where they are too many."""
    by_folder: dict[str, list[str]] = {}
    for path in (path for path in needed if path in places):
        if posixpath.basename(path) != posixpath.basename(places[path]):
            return None
        by_folder.setdefault(posixpath.dirname(path), []).append(places[path])
    if len(by_folder) > MOST_COPIES:
        return None
    top = (copy.destination or "/").rstrip("/") or "/"
    out = []
    for folder, sources in by_folder.items():
        inside = posixpath.relpath(folder, top)
        out.append(_line(copy, sources, "" if inside == "." else inside + "/"))
    return "".join(line + facts.newline for line in out)


def _line(copy: Copy, sources: Sequence[str], inside: str) -> str:
    instruction = copy.instruction
    keyword = instruction.keyword.text if instruction.name == "COPY" else "COPY"
    flags = "".join(flag.raw + " " for flag in instruction.all_flags if flag.name in ("chown", "chmod", "link"))
    base = copy.words[-1].text.rstrip("/") or ""
    destination = f"./{inside}" if base in ("", ".") and not copy.words[-1].text.startswith("/") else f"{base}/{inside}"
    words = [*sources, destination]
    if isinstance(instruction.body, ExecForm) or any(" " in word for word in words):
        return f"{instruction.indent}{keyword} {flags}{json.dumps(words, ensure_ascii=False)}"
    return f"{instruction.indent}{keyword} {flags}{' '.join(words)}"
