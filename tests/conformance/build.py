"""What a build of a Dockerfile would do, read with BuildKit's parser and shfmt: the judge's own view of a file.

It shares no code with dockopt, so that an error in dockopt's reading cannot hide itself.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import dockerfile
from msgspec import Struct, field
from msgspec.structs import replace

from tests.conformance.script import UnreadableError
from tests.conformance.shell import run
from tests.conformance.state import State, Step
from tests.conformance.words import expanded

_FOLDERS = {"golang": "/go", "php": "/var/www/html", "composer": "/app", "nginx": "/"}
"""The working folders of official images that do not begin in `/`."""
_PIPEFAIL = re.compile(r"alpine|busybox|fedora|centos|rocky|alma|ubi|amazonlinux|opensuse|archlinux|oraclelinux")
"""Images whose /bin/sh knows `pipefail`; Debian 12's does not."""
_PATH = "(PATH of the base)"
SHELL = ("/bin/sh", "-c")

Ends = Callable[[str], int]


class Config(Struct):
    """The configuration of an image, in the terms of `docker image inspect`."""

    env: dict[str, str] = field(default_factory=dict)
    user: str = ""
    folder: str = "/"
    cmd: tuple[str, ...] | str | None = None
    """A tuple in exec form, a text in shell form."""
    entrypoint: tuple[str, ...] | str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    ports: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    stop: str = ""
    health: str = ""
    shell: tuple[str, ...] = SHELL
    triggers: tuple[str, ...] = ()
    author: str = ""


class Stage(Struct):
    """One stage: what it is made of, what it does, what comes out."""

    name: str
    base: str
    platform: str
    config: Config
    steps: list[Step] = field(default_factory=list)
    broken: str = ""
    """The step that would stop the build; empty where it passes."""
    parent: Stage | None = None
    own_cmd: bool = False
    count: int = 0
    """How many instructions were read so far."""
    has_pipefail: bool = True


class Build(Struct):
    """All stages, in order; they end early where a step stops the build."""

    stages: list[Stage]

    @property
    def broken(self) -> str:
        return next((stage.broken for stage in self.stages if stage.broken), "")

    @property
    def steps(self) -> list[Step]:
        return [step for stage in self.stages for step in stage.steps]


@lru_cache(maxsize=1024)
def commands(text: str) -> tuple[Any, ...] | None:
    """The instructions as BuildKit's parser sees them; None where it rejects the file or cannot be asked."""
    if "\0" in text or re.search("[\ud800-\udfff]", text):
        return None
    try:
        return tuple(dockerfile.parse_string(text))
    except dockerfile.GoParseError:
        return None


def escape_of(text: str) -> str:
    """The escape character that the directives at the top choose."""
    for line in text.removeprefix("\ufeff").split("\n"):
        match = re.fullmatch(r"#\s*(\w+)\s*=\s*(.*?)\s*", line.strip())
        if match is None:
            break
        if match[1].lower() == "escape":
            return match[2]
    return "\\"


def build(text: str, ends: Ends) -> Build | None:
    """The whole build under a scenario; None where it is rejected, or one of its scripts is."""
    found = commands(text)
    if not found:
        return None
    try:
        return _Builder(escape_of(text), ends).build(found)
    except UnreadableError:
        return None


class _Builder:
    def __init__(self, escape: str, ends: Ends) -> None:
        self.escape = escape
        self.ends = ends
        self.stages: list[Stage] = []
        self.meta: dict[str, str] = {}
        self.arguments: dict[str, str] = {}

    def build(self, found: Iterable[Any]) -> Build:
        for command in found:
            if command.cmd.upper() == "FROM":
                self._from(command)
            elif not self.stages:
                self._argument(command.value, self.meta, self.meta)
            elif not self.stages[-1].broken:
                self._instruction(command, self.stages[-1])
        return Build(self.stages)

    def _from(self, command: Any) -> None:
        base, _, name = (*command.value, "", "")[:3]
        base = expanded(base, self.meta, self.escape)
        parent = next((one for one in reversed(self.stages) if one.name.lower() == base.lower() and base), None)
        short = re.split(r"[:@]", base.rpartition("/")[2])[0]
        config = Config(folder=_FOLDERS.get(short, "/"), env={"PATH": _PATH})
        if parent:
            old = parent.config
            config = replace(old, env=dict(old.env), labels=dict(old.labels), triggers=())
        platform = "".join(flag for flag in command.flags if flag.startswith("--platform"))
        stage = Stage(name, base, platform, config, parent=parent)
        stage.has_pipefail = parent.has_pipefail if parent else bool(_PIPEFAIL.search(base))
        self.stages.append(stage)
        self.arguments = {}
        for trigger in parent.config.triggers if parent else ():
            for one in commands(f"FROM x\n{trigger}\n") or ():
                if one.cmd.upper() != "FROM":
                    self._instruction(one, stage)

    def _expanded(self, text: str, stage: Stage) -> str:
        return expanded(text, {**self.arguments, **stage.config.env}, self.escape)

    def _argument(self, words: Iterable[str], into: dict[str, str], known: Mapping[str, str]) -> None:
        for word in words:
            name, given, value = word.partition("=")
            if given:
                into[name] = expanded(value, {**known, **into}, self.escape)
            elif name in self.meta:
                into[name] = self.meta[name]

    def _instruction(self, command: Any, stage: Stage) -> None:
        config, name, words = stage.config, command.cmd.upper(), list(command.value)
        stage.count += 1
        match name:
            case "RUN":
                self._run(command, stage)
            case "COPY" | "ADD":
                self._copy(command, stage)
            case "ENV" | "LABEL":
                pairs = list(zip(words[::2], words[1::2], strict=False))
                known = {**self.arguments, **config.env}
                values = {expanded(k, known, self.escape): expanded(v, known, self.escape) for k, v in pairs}
                (config.env if name == "ENV" else config.labels).update(values)
            case "ARG":
                self._argument(words, self.arguments, {**self.arguments, **config.env})
            case "USER":
                config.user = self._expanded(" ".join(words), stage)
            case "WORKDIR":
                config.folder = posixpath.normpath(posixpath.join(config.folder, self._expanded(words[0], stage)))
            case "CMD" | "ENTRYPOINT":
                value = tuple(words) if _is_exec(command) else _text(command)
                if name == "CMD":
                    config.cmd, stage.own_cmd = value, True
                else:
                    config.entrypoint = value
                    config.cmd = config.cmd if stage.own_cmd else None
            case "EXPOSE":
                ports = {port for word in words for port in self._expanded(word, stage).split()}
                config.ports |= {port if "/" in port else f"{port}/tcp" for port in ports}
            case "VOLUME":
                config.volumes |= {self._expanded(word, stage) for word in words}
            case "STOPSIGNAL":
                config.stop = words[0]
            case "HEALTHCHECK":
                config.health = " ".join([*sorted(command.flags), " ".join(" ".join(words).split())])
            case "SHELL":
                config.shell = tuple(words)
            case "ONBUILD":
                config.triggers += (re.sub(r"^\s*onbuild\s+", "", command.original, flags=re.I),)
            case "MAINTAINER":
                config.author = " ".join(words)

    def _copy(self, command: Any, stage: Stage) -> None:
        words = [self._expanded(word, stage) for word in command.value]
        words[-1] = self._below(words[-1], stage.config.folder)
        for number, document in enumerate(command.heredocs):
            quoted = re.search(rf"<<-?[\"']{re.escape(document.name)}", command.original)
            body = document.content if quoted else self._body(document.content, stage)
            words[number] = f"<<{document.name} {body!r}"
        text = " ".join([command.cmd.upper(), *words])
        stage.steps.append(Step(text, flags=tuple(sorted(command.flags)), number=stage.count))

    def _body(self, text: str, stage: Stage) -> str:
        """Quotes are nothing special in a heredoc."""
        plain = text.replace("'", "\ue000").replace('"', "\ue001")
        return self._expanded(plain, stage).replace("\ue000", "'").replace("\ue001", '"')

    @staticmethod
    def _below(path: str, folder: str) -> str:
        joined = posixpath.normpath(posixpath.join(folder, path))
        return joined + "/" * (path.endswith(("/", ".")) and joined != "/")

    def _run(self, command: Any, stage: Stage) -> None:
        config = stage.config
        state = State(
            folder=config.folder,
            user=config.user or "root",
            shell=" ".join(config.shell),
            environment={**self.arguments, **config.env},
            flags=tuple(sorted(command.flags)),
            has_pipefail=stage.has_pipefail or config.shell[0] != "/bin/sh",
            number=stage.count,
        )
        if _is_exec(command):
            state.shell = "exec form"
            text = " ".join(repr(word) for word in command.value)
            environment = tuple(sorted(state.environment.items()))
            step = Step(
                text, state.folder, state.user, "022", state.shell, "", (), environment, state.flags, (), stage.count
            )
            stage.steps.append(step)
            stage.broken = text if self.ends(text) else ""
            return
        if re.search("powershell|pwsh|cmd", config.shell[0], re.I):
            stage.steps.append(Step(_text(command), state.folder, state.user, shell=state.shell))
            return
        if "pipefail" in config.shell:
            state.options.add("pipefail")
        if any(re.fullmatch(r"-\w*e\w*", word) for word in config.shell[1:]):
            state.options.add("e")
        script = _script(command)
        if shebang := re.match(r"#!\s*(\S.*)", script):
            state.shell, state.has_pipefail = shebang[1].strip(), "bash" in shebang[1]
        steps, status = run(script, state, self.ends)
        stage.steps += steps
        stage.broken = steps[-1].text if status and steps else "(empty)" if status else ""


def _arguments(command: Any) -> str:
    """What stands behind the keyword and its flags."""
    text: str = command.original.partition(" ")[2].strip()
    for flag in command.flags:
        text = text.partition(flag)[2].strip()
    return text


def _is_exec(command: Any) -> bool:
    """BuildKit 0.12, which the binding is, took `["a"] && b` for exec form; today's takes the whole text or nothing."""
    try:
        return bool(command.json) and isinstance(json.loads(_arguments(command)), list)
    except json.JSONDecodeError:
        return False


def _text(command: Any) -> str:
    """The text that a shell gets."""
    return _arguments(command) if command.json else " ".join(command.value)


def _script(command: Any) -> str:
    """What the shell gets: the text of a RUN, or the body of its heredoc."""
    text = _text(command)
    documents = command.heredocs
    if len(documents) == 1 and re.fullmatch(r"<<-?[\"']?\w+[\"']?", text.strip()):
        body: str = documents[0].content
        return body if not body.startswith("#!") or re.match(r"#!.*\b(ba|da|a)?sh\b", body) else f": {body!r}\n{body!r}"
    return "".join([text, *(f"\n{one.content}{one.name}" for one in documents)])
