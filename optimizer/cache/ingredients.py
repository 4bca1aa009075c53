"""What goes into the key of one step: the parts of each kind of instruction, for BuildKit and the classic builder."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct

from optimizer.cache.builds import Build, Builder
from optimizer.cache.mounted import mount_parts
from optimizer.cache.state import PROXIES, State
from optimizer.cache.steps import Cause, Part
from optimizer.cache.taken import Index, Taken
from optimizer.facts import BuildStage
from optimizer.facts.copies import Copy, copy_of, is_remote
from optimizer.facts.texts import argument_text
from optimizer.syntax.lexer import Lexer, LexError
from optimizer.syntax.nodes import ExecForm, Heredoc, Instruction, Opaque, Pairs, ShellScript, Words, source

ChainOf = Callable[[BuildStage], str | None]


class Found(Struct, frozen=True):
    """The parts of a step's key. `apart`: nothing above the step is in it. `missing`: sources that are nowhere."""

    parts: tuple[Part, ...]
    apart: bool = False
    missing: tuple[str, ...] = ()


class Ingredients:
    """Knows one build: its context, its stages, its options."""

    def __init__(self, build: Build, chain_of: ChainOf) -> None:
        self._build = build
        self._classic = build.builder is Builder.CLASSIC
        self._chain_of = chain_of
        self._index = index_of(build)
        self._named = {name: Index(context) for name, context in build.contexts.items()}

    def of(self, instruction: Instruction, state: State) -> Found | None:
        """The ingredients of an instruction; None where it makes no step."""
        match instruction.name:
            case "RUN":
                return Found(tuple(self._run(instruction, state)))
            case "COPY" | "ADD":
                return self._copy(instruction, state)
            case "WORKDIR" if isinstance(instruction.body, Words):
                return self._workdir(instruction.body, state)
        return Found(tuple(self._link(instruction, state))) if self._classic else None

    def _run(self, instruction: Instruction, state: State) -> Iterator[Part]:
        argv = _argv(instruction, state)
        yield Part(Cause.TEXT, "", "\0".join(argv[1:] if argv[0] != "shell" else [*state.shell, argv[1]]))
        if self._classic:
            # All else is in the chain already; the values of arguments are not.
            given = {n: v.value for n, v in state.variables.items() if v.argument and n not in PROXIES}
            given |= {n: v.value for n, v in state.variables.items() if v.argument and n in self._build.arguments}
            yield from (Part(Cause.ARGUMENT, name, given[name]) for name in sorted(given))
            return
        for name, variable in state.variables.items():
            yield Part(Cause.ARGUMENT if variable.argument else Cause.ENVIRONMENT, name, variable.value)
        yield Part(Cause.USER, "", state.user)
        yield Part(Cause.FOLDER, "", state.folder)
        for flag in instruction.all_flags:
            if flag.name == "mount":
                yield from mount_parts(state.expanded(flag.value or ""), state.folder, self._content)
            elif (flag.name, flag.value) != ("network", "default"):
                yield Part(Cause.FLAG, f"--{flag.name}", state.expanded(flag.value or ""))
        for name, value in sorted(self._build.options.items()):
            yield Part(Cause.OPTION, f"--{name}", value)

    def _workdir(self, body: Words, state: State) -> Found | None:
        folder = state.entered(state.expanded(body.words[0].text))
        path = posixpath.normpath(folder).replace("//", "/")
        if self._classic:
            return Found((Part(Cause.TEXT, "", path),))
        if path == "/":
            return None
        parts = [Part(Cause.TEXT, "", path), Part(Cause.USER, "", state.user)]
        if (epoch := self._build.arguments.get("SOURCE_DATE_EPOCH")) is not None:
            parts.append(Part(Cause.EPOCH, "SOURCE_DATE_EPOCH", epoch))
        return Found(tuple(parts))

    def _link(self, instruction: Instruction, state: State) -> Iterator[Part]:
        """An instruction that makes a layer for the classic builder only."""
        body = instruction.body
        if instruction.name != "ARG" and isinstance(body, Pairs):
            pairs = [(p.name.text, p.value.text if p.value else "") for p in body.pairs]
            yield Part(Cause.TEXT, "", " ".join(f"{state.expanded(n)}={state.expanded(v)}" for n, v in pairs))
        else:
            yield Part(Cause.TEXT, "", argument_text(instruction))

    def _copy(self, instruction: Instruction, state: State) -> Found | None:
        copy = copy_of(instruction, state.scope, self._build.facts.tree.escape)
        if copy is None:
            return Found((Part(Cause.TEXT, "", argument_text(instruction)),))
        parts: list[Part] = []
        missing: list[str] = []
        for text in copy.sources:
            part = self._source(copy, text or "", instruction)
            parts.append(part)
            if part.value == "missing" and not any(char in (text or "") for char in "*?["):
                missing.append(text or "")
        parts += [_document(document, state) for document in instruction.heredocs]
        parts += self._where(copy, instruction, state)
        apart = copy.link and copy.mode is None and self._build.builder.links
        return Found(tuple(parts), apart, tuple(missing))

    def _where(self, copy: Copy, instruction: Instruction, state: State) -> Iterator[Part]:
        """Destination, owner, mode and the flags that count."""
        if self._classic:
            yield Part(Cause.TEXT, "destination", state.expanded(copy.words[-1].text))
        else:
            yield Part(Cause.TEXT, "destination", copy.destination or state.expanded(copy.words[-1].text))
        for flag in instruction.all_flags:
            value = state.expanded(flag.value or "")
            if flag.name == "chmod" and value.isdigit():
                value = value.lstrip("0") or "0"
            # What is excluded shows in the files; `--link` counts only where it makes a layer of its own.
            if flag.name in ("from", "exclude") or (flag.name == "link" and not self._build.builder.links):
                continue
            yield Part(Cause.FLAG, f"--{flag.name}", value)

    def _source(self, copy: Copy, text: str, instruction: Instruction) -> Part:
        if copy.origin is not None:
            return self._content(copy.origin, text, copy.excludes, parents=copy.parents)
        if is_remote(text):
            checksum = instruction.flag("checksum")
            return Part(Cause.REMOTE, text, checksum or self._build.remotes.get(text, text))
        if self._index is None:
            return Part(Cause.FILES, text, text, known=False)
        taken = self._index.taken(text, copy.excludes, parents=copy.parents, classic=self._classic)
        return _files(text, taken)

    def _content(self, origin: str | None, path: str, excludes: tuple[str, ...] = (), *, parents: bool = False) -> Part:
        """What a source in a stage, an image, a named context or (None) the build context holds."""
        if origin is None:
            return (
                Part(Cause.FILES, path, path, known=False)
                if self._index is None
                else _files(path, self._index.taken(path, excludes, parents=parents))
            )
        if origin in self._named:
            return _files(path, self._named[origin].taken(path, excludes, parents=parents))
        name = posixpath.basename(posixpath.normpath("/" + path.lstrip("/")))
        stage = self._build.facts.stage_named(origin)
        if stage is None:
            image = self._build.bases.get(origin)
            return Part(Cause.BASE, origin, f"{name} {image.layers if image else origin}")
        known = self._output(stage, path)
        if known is not None:
            return Part(Cause.STAGE, stage.name or origin, f"{name} {known}")
        return Part(Cause.STAGE, stage.name or origin, f"{name} {self._chain_of(stage) or ''}", known=False)

    def _output(self, stage: BuildStage, path: str) -> str | None:
        names = [name for name in (stage.name, str(stage.number)) if name is not None]
        found = (self._build.outputs.get((name, posixpath.normpath("/" + path.lstrip("/")))) for name in names)
        return next((value for value in found if value is not None), None)


def index_of(build: Build) -> Index | None:
    """The index of the build's context; the facts remember it."""
    context = build.facts.context
    return None if context is None else build.facts.remembered("cache index", lambda: Index(context))


def _files(text: str, taken: Taken | None) -> Part:
    if taken is None:
        return Part(Cause.FILES, text, "missing")
    return Part(Cause.FILES, text, f"{taken.name} {taken.digest}", taken)


def _argv(instruction: Instruction, state: State) -> list[str]:
    """What is run: `shell` and its text, or `argv` and the words of the JSON form."""
    body = instruction.body
    if isinstance(body, ExecForm):
        return ["argv", *(item.text for item in body.items)]
    documents = instruction.heredocs
    if isinstance(body, Words) and len(documents) == 1:
        text = _told(documents[0])
        return ["shell", f"{documents[0].name} {text}" if text.startswith("#!") else text]
    text = body.text if isinstance(body, ShellScript | Opaque) else ""
    return ["shell", text + "".join(f"\n{_told(d)}{d.name}" for d in documents)]


def _told(document: Heredoc) -> str:
    return document.body.text if isinstance(document.body, ShellScript | Opaque) else source(document.body)


def _document(document: Heredoc, state: State) -> Part:
    """A heredoc that is copied: a file of that name."""
    text = _told(document)
    if document.expands and "$" in text:
        values: Mapping[str, str] = state.values
        with suppress(LexError):
            text = Lexer(text, values.get, raw_quotes=True).expand()
    return Part(Cause.TEXT, document.name, text)
