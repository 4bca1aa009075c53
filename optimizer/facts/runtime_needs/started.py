"""The programs that a container starts: CMD, ENTRYPOINT, HEALTHCHECK, Compose, and the scripts that these call."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from optimizer.facts import BuildStage, Facts
from optimizer.facts.calls import calls_in
from optimizer.facts.copies import is_remote
from optimizer.facts.runtime_needs import Kind, Need, Unknown
from optimizer.facts.sync import scripts_of
from optimizer.facts.texts import argument_text, shortened
from optimizer.knowledge import commands
from optimizer.knowledge.runtime_needs import runtime_needs_table
from optimizer.syntax.joined import Joined
from optimizer.syntax.nodes import ExecForm, Instruction, Item, ShellScript, Word
from optimizer.syntax.shell import parse_script

_RUNNER = re.compile(r"npm|yarn|pnpm|bun")
_SCRIPT_VERBS = ("run", "run-script")
_ALIASES = {"start": "start", "test": "test", "stop": "stop", "restart": "restart"}
_PYTHON = re.compile(r"python[23]?(\.\d+)?")
_LONGEST = 200_000


def of_starts(facts: Facts, stage: BuildStage) -> Iterator[Need | Unknown]:
    """Programs and shells, those that scripts of the context call too."""
    walk = _Walk(facts, stage)
    yield from walk.container({one.name: one for one in effective(stage)})
    if facts.context is not None:
        for start in facts.context.starts:
            if start.shell:
                yield Need(Kind.PROGRAM, "sh", f"{start.by} is read by a shell")
                yield from walk.text(start.words[0] if start.words else "", start.by)
            else:
                yield from walk.words(start.words, start.by)
    elif any(i.name in ("CMD", "ENTRYPOINT") for i in effective(stage)):
        yield Unknown(Kind.PROGRAM, f"what is started may call other programs: {facts.no_context}")


def effective(stage: BuildStage) -> tuple[Instruction, ...]:
    """The last ENTRYPOINT, CMD and HEALTHCHECK that are in force in the stage; an ENTRYPOINT ends the CMD of a base."""
    found: dict[str, Instruction] = {}
    for one in stage.lineage:
        hides_command = "ENTRYPOINT" in found
        for instruction in reversed(one.instructions):
            if instruction.name in ("ENTRYPOINT", "HEALTHCHECK") or (instruction.name == "CMD" and not hides_command):
                found.setdefault(instruction.name, instruction)
    return tuple(found.values())


def files_of(facts: Facts, stage: BuildStage) -> dict[str, str]:
    """The files that COPYs of the stage and its bases bring: path of the image -> path of the context."""
    return facts.remembered(("runtime files", stage.number), lambda: _files_of(facts, stage))


def _files_of(facts: Facts, stage: BuildStage) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in reversed(list(stage.lineage)):
        for instruction in one.instructions:
            copy = facts.copies.get(instruction)
            if copy is not None and copy.origin is None:
                found |= facts.landed(copy) or {}
    return found


def unseen(facts: Facts, stage: BuildStage) -> Iterator[Instruction]:
    """The COPYs of the stage and its bases that bring what cannot be looked into, and that may be a program's."""
    for one in reversed(list(stage.lineage)):
        for instruction in one.instructions:
            copy = facts.copies.get(instruction) if instruction.name in ("COPY", "ADD") else None
            if copy is not None and copy.from_context and facts.landed(copy) is None:
                words = [source or "" for source in copy.sources if source is None or not is_remote(source)]
                if any(_may_be_read(posixpath.basename(word.rstrip("/"))) for word in words):
                    yield instruction


def _may_be_read(name: str) -> bool:
    """Whether a file or folder of that name may hold what programs are made of: a name without an ending may."""
    table = runtime_needs_table()
    known = any(name.endswith(one.suffixes) or name in one.dependencies for one in table.languages)
    return known or "." not in name.lstrip(".") or "$" in name


class _Walk:
    """The search through what starts what. Scripts are read once."""

    def __init__(self, facts: Facts, stage: BuildStage) -> None:
        self._facts = facts
        self._stage = stage
        self._files = files_of(facts, stage)
        self._seen: set[str] = set()
        self._at = stage.node.instructions[-1]
        scope = facts.behind(stage)
        self._folder = (scope.folder if scope is not None else None) or "/"

    def container(self, starts: dict[str, Instruction]) -> Iterator[Need | Unknown]:
        """What a container starts: a CMD is what its ENTRYPOINT is given, and mostly a command of its own."""
        entrypoint, command = starts.get("ENTRYPOINT"), starts.get("CMD")
        if "HEALTHCHECK" in starts:
            yield from self.instruction(starts["HEALTHCHECK"])
        if entrypoint is None or not isinstance(entrypoint.body, ExecForm):
            only = entrypoint or command
            yield from self.instruction(only) if only is not None else ()
            return
        words = [item.text for item in entrypoint.body.items]
        given = [item.text for item in command.body.items] if command and isinstance(command.body, ExecForm) else []
        yield from self.words([*words, *given], "`ENTRYPOINT`")
        name = posixpath.basename(words[0]) if words else ""
        if command is not None and name not in commands().programs and name not in runtime_needs_table().starters:
            yield from self.instruction(command)

    def instruction(self, instruction: Instruction) -> Iterator[Need | Unknown]:
        """What CMD, ENTRYPOINT or HEALTHCHECK start."""
        inner = instruction.body if isinstance(instruction.body, Instruction) else instruction
        by = f"`{instruction.name}`"
        match inner.body:
            case ExecForm():
                yield from self.words([item.text for item in inner.body.items], by)
            case ShellScript():
                shell = self._facts.scopes[instruction].shell
                yield Need(Kind.PROGRAM, posixpath.basename(shell[0]), f"a shell reads {by}")
                yield from self._script(inner.body, by)
            case _ if argument_text(inner).upper() != "NONE":
                yield Unknown(Kind.PROGRAM, f"{by} cannot be read")

    def text(self, text: str, by: str, folder: str | None = None) -> Iterator[Need | Unknown]:
        """What a shell starts that reads a text."""
        before = self._folder
        self._folder = folder or before
        script = parse_script(Joined(text, text, (0,), (0,)), 0, len(text), None) if text else None
        if script is not None:
            yield from self._script(script, by)
        elif text.strip():
            yield Unknown(Kind.PROGRAM, f"{by} cannot be read as a script of a shell")
        self._folder = before

    def words(self, words: Sequence[str], by: str) -> Iterator[Need | Unknown]:
        """What a program and its arguments start."""
        yield from self._started(list(words), by)

    def _script(self, script: ShellScript, by: str) -> Iterator[Need | Unknown]:
        functions = set(re.findall(r"(?:^|[\s;])(?:function\s+)?([\w-]+)\s*\(\)", _text(script)))
        for call in calls_in(self._at, script.parts):
            yield from (Need(Kind.PROGRAM, name, f"{by} calls it") for name in call.wrapped_by if _is_program(name))
            words = [_literal(word) for word in call.words]
            # The table of wrappers gives `gosu` no user, which stands in front of its command.
            words = words[1:] if call.wrapped_by[-1:] == ("gosu",) else words
            if words and (words[0] or "") not in functions:
                yield from self._started(words, by)

    def _started(self, words: list[str | None], by: str) -> Iterator[Need | Unknown]:
        """The program in front, and what it starts in turn. A word is None where only a shell knows it."""
        if not words or words[0] == "":
            return
        first = words[0]
        if first is None or first.startswith("$"):
            if first not in ("$@", "$*", "${@}", "$1", "${1}"):
                yield Unknown(Kind.PROGRAM, f"{by} starts a program whose name is not known")
            return
        name = posixpath.basename(first)
        if name in commands().builtins and name not in ("exec", "command", "eval", ".", "source"):
            return
        if name in (".", "source", "eval"):
            yield from self._file(words[1] if len(words) > 1 else None, by, sourced=True)
            return
        if name not in ("exec", "command"):
            yield from self._program(first, by)
        verbs = runtime_needs_table().installers.get(name, ())
        if verbs and (words[1] if len(words) > 1 else "") in verbs:
            yield Unknown(Kind.LIBRARY, f"{by} installs packages when it starts, which may need a compiler")
        yield from self._behind(name, words[1:], by)

    def _program(self, first: str, by: str) -> Iterator[Need | Unknown]:
        path = posixpath.normpath(posixpath.join(self._folder, first)) if "/" in first else first
        if path in self._files:
            yield from self._file(first, by)
        elif "/" not in first and f"/usr/local/bin/{first}" in self._files:
            yield from self._file(f"/usr/local/bin/{first}", by)
        elif "/" not in first or first.startswith(("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/local/bin/")):
            yield Need(Kind.PROGRAM, posixpath.basename(first), f"{by} starts it")
        else:
            yield Need(Kind.PROGRAM, path, f"{by} starts it")
            if path.endswith((".sh", ".bash")):
                yield Unknown(Kind.PROGRAM, f"{by} starts `{first}`, which no COPY brings from the build context")

    def _behind(self, name: str, words: list[str | None], by: str) -> Iterator[Need | Unknown]:
        """What a program starts that its arguments name."""
        table = runtime_needs_table()
        texts = [word or "" for word in words]
        if name in ("exec", "command") or name in table.starters:
            yield from self._started(_behind_options(words, table.starters.get(name, ()), name), by)
        elif texts[:1] and (runner := f"{name} {texts[0]}") in table.runners:
            yield from self._run(runner, words[1:], by)
        elif name in table.shells:
            if "-c" in texts or any(re.fullmatch(r"-[a-z]*c", text) for text in texts[:2]):
                at = next(n for n, text in enumerate(texts) if re.fullmatch(r"-[a-z]*c", text))
                if at + 1 < len(words) and words[at + 1] is not None:
                    yield from self.text(texts[at + 1], by)
                else:
                    yield Unknown(Kind.PROGRAM, f"{by} starts a shell with a text that is not known")
            elif operand := next((word for word in words if word is None or not word.startswith("-")), ""):
                yield from self._file(operand, by)
        elif _RUNNER.fullmatch(name):
            yield from self._package_script(texts, by)
        elif "--" in texts:
            yield from self._started(words[texts.index("--") + 1 :], by)

    def _run(self, runner: str, words: list[str | None], by: str) -> Iterator[Need | Unknown]:
        """What a tool starts that looks after the packages of a project, and what it does before."""
        from optimizer.facts.runtime_needs.runners import installs_first, script_of

        inner = _behind_options(words, runtime_needs_table().runners[runner], runner)
        options = [word or "" for word in words[: len(words) - len(inner)]]
        if runner == "uv run":
            why = installs_first(self._facts, self._stage, self._files, self._folder, options)
            if why is not None:
                yield Unknown(Kind.LIBRARY, f"{by} may install packages when it starts, as {why}; `--no-sync` does not")
        script = script_of(self._facts, self._files, self._folder, (inner or [""])[0] or "")
        if runner == "pipenv run" and script is not None:
            yield from self.text(script, by)
        elif inner and not (inner[0] or "").endswith(".py"):
            yield from self._started(inner, by)

    def _file(self, name: str | None, by: str, *, sourced: bool = False) -> Iterator[Need | Unknown]:
        """What a script of the context starts, and the interpreter that it names."""
        if name is None:
            yield Unknown(Kind.PROGRAM, f"{by} reads a script whose name is not known")
            return
        path = posixpath.normpath(posixpath.join(self._folder, name))
        if path not in self._files:
            if not sourced and not path.endswith(("/activate", ".env")):
                yield Unknown(Kind.PROGRAM, f"{by} starts `{name}`, which no COPY brings from the build context")
            return
        if path in self._seen:
            return
        self._seen.add(path)
        content = self._facts.context.content(self._files[path]) if self._facts.context is not None else None
        own = f"`{self._files[path]}`"
        if content is None or len(content) > _LONGEST:
            yield Unknown(Kind.PROGRAM, f"{own} cannot be read")
            return
        yield from self._content(content, own, sourced=sourced)

    def _content(self, content: bytes, own: str, *, sourced: bool) -> Iterator[Need | Unknown]:
        if content.startswith(b"\x7fELF"):
            return
        text = content.decode("utf-8", "replace").replace("\r\n", "\n")
        head, _, rest = text.partition("\n")
        interpreter = head[2:].split() if head.startswith("#!") else ["/bin/sh"]
        if interpreter and not sourced:
            names = [posixpath.basename(word) for word in interpreter if not word.startswith("-")]
            yield from (Need(Kind.PROGRAM, name, f"{own} is read by it") for name in names[:2] if name)
        names = [posixpath.basename(word) for word in interpreter]
        if any(name in runtime_needs_table().shells for name in names):
            yield from self.text(rest if head.startswith("#!") else text, own)

    def _package_script(self, words: list[str], by: str) -> Iterator[Need | Unknown]:
        plain = [word for word in words if not word.startswith("-")]
        script = plain[1] if plain[:1] and plain[0] in _SCRIPT_VERBS and len(plain) > 1 else (plain[:1] or [""])[0]
        path = posixpath.join(self._folder, "package.json")
        content = self._facts.context.content(self._files.get(path, "")) if self._facts.context is not None else None
        scripts = scripts_of(content)
        if scripts is None:
            yield Unknown(Kind.PROGRAM, f"{by} runs a script of `package.json`, which is not known")
            return
        for name in (f"pre{script}", script, f"post{script}"):
            if name in scripts and f"package.json:{name}" not in self._seen:
                self._seen.add(f"package.json:{name}")
                yield Need(Kind.PROGRAM, "sh", f"a shell reads the script `{name}` of `package.json`")
                yield from self.text(scripts[name], f"the script `{name}` of `package.json`")


def _behind_options(words: list[str | None], values: tuple[str, ...], name: str) -> list[str | None]:
    """The command behind the options of a starter; those of a user or a duration are words of its own."""
    at = 0
    while at < len(words):
        word = words[at]
        if word is None:
            return words[at:]
        if word == "--":
            return words[at + 1 :]
        if word in values:
            at += 2
        elif word.startswith("-") or "=" in word.partition("/")[0]:
            at += 1
        else:
            break
    return words[at + 1 :] if name in ("su-exec", "gosu", "timeout", "chroot", "setpriv") else words[at:]


def _literal(word: Word | Item) -> str | None:
    literal = word.literal
    if literal is not None:
        return literal
    text = word.text.strip('"')
    return text if text.startswith("$") else None


def _is_program(name: str) -> bool:
    return name not in commands().builtins


def _text(script: ShellScript) -> str:
    from optimizer.syntax.nodes import source

    return shortened(source(script), _LONGEST)
