"""The judge: what a rewritten file does otherwise than it may, told from the text before, the text after and the case.

Each public function is one question; it yields a complaint for each wrong answer. `CHECKS` lists them all.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from tests.conformance.build import SHELL, Build, Config, Stage, build, commands, escape_of
from tests.conformance.case import Case
from tests.conformance.shell import Step

MANAGERS = frozenset(
    "apt apt-get apt-cache aptitude apk yum dnf microdnf tdnf zypper pacman pip pip3 npm yarn pnpm bun go cargo mvn gradle dotnet"
    " composer bundle gem poetry uv pipenv conda mamba micromamba".split()
)
MANAGED = MANAGERS | frozenset("rm chmod chown chgrp sudo tar unzip curl wget gcc g++ cc find".split())
"""Programs whose calls a transform may write in another way; a case names those that must stay (`kept`)."""
_CACHE = re.compile(
    r"(?:--?[\w-]+|/var/(?:lib/apt/lists|cache|log|tmp|lib/(?:dnf|yum))\b.*|/tmp/?.*|(?:/root|~|\$HOME|/home/\w+)/\.[\w./*-]+)"
)
_INSTALL = re.compile(
    r"^(?:\w+=\S* |sudo )*(?:\S*/)?(?:apt|apt-get|apk|yum|dnf|microdnf|zypper|pip3?)\b.* (?:install|add|in) "
)
_WRAPPERS = ("env", "nice", "command", "time")
_AUTHORS = ("maintainer", "org.opencontainers.image.authors")
_BUILTINS = frozenset(
    ". : alias bg cd command eval exec exit export fg hash jobs local read return set shift source times trap type"
    " ulimit umask unset wait".split()
)
_PLAIN = re.compile(r"[\w./:@%+,-]+(?: +[\w./:@%+,=-]+)*")


def accepted(case: Case, before: str, after: str) -> Iterator[str]:
    """BuildKit's parser takes what it took, with instructions that there are."""
    old, new = commands(before), commands(after)
    if old is not None and new is None:
        yield "BuildKit's parser rejects the result"
    known = {one.cmd.upper() for one in old or ()} | {"LABEL", "USER", "COPY", "ENV", "WORKDIR"}
    yield from (f"unknown instruction `{one.cmd}`" for one in new or () if old and one.cmd.upper() not in known)


def layout(case: Case, before: str, after: str) -> Iterator[str]:
    """Byte order mark, line ends, the end of the file and the directives stay."""
    if before.startswith("\ufeff") != after.startswith("\ufeff"):
        yield "the byte order mark changed"
    if before.endswith("\n") != after.endswith("\n"):
        yield "the end of the last line changed"
    for what, end in (("CRLF", r"\r\n"), ("LF", r"(?<!\r)\n")):
        if not re.search(end, before) and re.search(end, after):
            yield f"there are {what} line ends that were not"
    if (old := _directives(before)) != (new := _directives(after)):
        yield f"directives: {old} became {new}"


def _directives(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.removeprefix("\ufeff").splitlines():
        if not re.match(r"#\s*(?:syntax|escape|check)\s*=", line, re.I):
            break
        lines.append(line)
    return lines


def comments(case: Case, before: str, after: str) -> Iterator[str]:
    """No comment is lost, made or changed; those of the case stand above the same."""
    old, new = (Counter(line.strip() for _, line in _comment_lines(text)) for text in (before, after))
    yield from (f"comment lost: {line}" for line in (old - new))
    yield from (f"comment that was not: {line}" for line in (new - old))
    for comment, below in case.above:
        found = [at for at, line in _comment_lines(after) if comment in line]
        if not found or below not in _next_code(after, found[0]):
            yield f"`{comment}` no longer stands above `{below}`"


def _comment_lines(text: str) -> Iterator[tuple[int, str]]:
    """Comment lines with their number, but for those in heredocs, where they are data."""
    inside: set[int] = set()
    for one in commands(text) or ():
        count = sum(document.content.count("\n") + 1 for document in one.heredocs)
        inside |= set(range(one.end_line - count, one.end_line))
    for at, line in enumerate(text.removeprefix("\ufeff").split("\n")):
        if line.lstrip().startswith("#") and at not in inside:
            yield at, line


def _next_code(text: str, at: int) -> str:
    rest = text.removeprefix("\ufeff").split("\n")[at:]
    return next((line for line in rest if line.strip() and not line.lstrip().startswith("#")), "")


def shells(case: Case, before: str, after: str) -> Iterator[str]:
    """bash, and dash where it took all before, take every RUN of the result."""
    for shell in ("bash", "dash"):
        if not any(_refused(shell, text) for text in _scripts(before)):
            yield from (f"{shell} refuses `{text}`" for text in _scripts(after) if _refused(shell, text))


def _scripts(text: str) -> Iterator[str]:
    for one in commands(text) or ():
        if one.cmd.upper() == "RUN" and not one.json:
            yield "\n".join([" ".join(one.value), *(f"{each.content}{each.name}" for each in one.heredocs)])


def _refused(shell: str, script: str) -> bool:
    data = script.encode("utf-8", "surrogateescape")
    done = subprocess.run([shell, "-n"], input=data, capture_output=True, check=False)
    return done.returncode != 0 or b"here-document" in done.stderr


def documents(case: Case, before: str, after: str) -> Iterator[str]:
    """The bodies of COPY and ADD heredocs, and whether their names are quoted."""
    old, new = (Counter(_documents(text)) for text in (before, after))
    yield from (f"heredoc lost or changed: {one}" for one in old - new)
    yield from (f"heredoc that was not: {one}" for one in new - old)


def _documents(text: str) -> Iterator[tuple[str, str]]:
    for one in commands(text) or ():
        if one.cmd.upper() in ("COPY", "ADD"):
            for each in one.heredocs:
                opening = re.search(rf"<<-?\S?{re.escape(each.name)}", one.original)
                yield (opening[0] if opening else "", each.content)


def stages(case: Case, before: str, after: str) -> Iterator[str]:
    """The stages stand on the same bases, and what names a stage finds it."""
    old, new = _build(case, before), _build(case, after)
    if old is None or new is None:
        if old is not None:
            yield "the result cannot be read as a build"
        return
    for one, other in zip(old.stages, new.stages, strict=False):
        if _from(one).lower() != _from(other).lower():
            yield f"`{_from(one)}` became `{_from(other)}`"
    if not old.broken and len(old.stages) != len(new.stages):
        yield f"{len(old.stages)} stages became {len(new.stages)}"
    for name in _loose(after, new) - _loose(before, old):
        yield f"`{name}` is named in another letter case than the stage has: buildah does not find it"


def _from(stage: Stage) -> str:
    return f"FROM {stage.platform} {stage.base} AS {stage.name}"


def _loose(text: str, seen: Build) -> set[str]:
    """The references that find their stage only because BuildKit does not look at letter case."""
    names = {stage.name for stage in seen.stages if stage.name}
    named = re.findall(r"(?:--from=|[=,]from=)([\w.-]+)", text) + [stage.base for stage in seen.stages]
    return {one for one in named if one not in names and one.lower() in {name.lower() for name in names}}


def config(case: Case, before: str, after: str) -> Iterator[str]:
    """The configuration of each image; plain words may leave the shell form, a MAINTAINER may become its label."""
    old, new = _build(case, before), _build(case, after)
    if old is None or new is None:
        return
    for number, (one, other) in enumerate(zip(old.stages, new.stages, strict=False)):
        first, second = _told(one.config), _told(other.config, one.config)
        for name in first:
            if first[name] != second[name]:
                yield f"stage {number}, {name}: {first[name]} became {second[name]}"
    final = new.stages[-1].config
    for name, value in case.env:
        if final.env.get(name) != value:
            yield f"ENV {name} is {final.env.get(name)!r}, not {value!r}"
    for name, value in case.config:
        if str(_told(final, old.stages[-1].config)[name]) != value:
            yield f"{name} is {_told(final, old.stages[-1].config)[name]}, not {value}"


def _told(config: Config, before: Config | None = None) -> dict[str, object]:
    """The configuration in terms that may be compared: the label that was MAINTAINER before counts as it."""
    labels, author = dict(config.labels), config.author
    if before is not None and before.author and not author:
        new = [name for name in _AUTHORS if name in labels.keys() - before.labels.keys()]
        author = labels.pop(new[0]) if new else ""
    return {
        "env": config.env,
        "user": config.user,
        "folder": config.folder,
        "ports": sorted(config.ports),
        "volumes": sorted(config.volumes),
        "stop": config.stop,
        "health": config.health,
        "shell": config.shell,
        "labels": labels,
        "authors": author,
        "runs": _runs(config),
        "triggers": [_kind(text) for text in config.triggers],
    }


def _kind(trigger: str) -> str:
    keyword = re.findall(r"\w+", trigger)[0].upper()
    return "LABEL" if keyword == "MAINTAINER" else keyword


def _runs(config: Config) -> tuple[str, ...]:
    """What the container runs."""
    entry, cmd = config.entrypoint, config.cmd
    if isinstance(entry, str):
        return ("(whatever CMD is)", *_plain(entry, config)) if cmd is not None else _plain(entry, config)
    if entry is None:
        return _plain(cmd, config) if isinstance(cmd, str) else cmd or ()
    return (*entry, *((*config.shell, cmd) if isinstance(cmd, str) else cmd or ()))


def _plain(text: str, config: Config) -> tuple[str, ...]:
    words = text.split()
    if config.shell == SHELL and words and _PLAIN.fullmatch(text.strip()) and words[0] not in _BUILTINS:
        return tuple(words)
    return (*config.shell, text)


def steps(case: Case, before: str, after: str) -> Iterator[str]:
    """The commands that must stay run in their order and in their state; no other ones appear."""
    old, new = _build(case, before), _build(case, after)
    if old is None or new is None:
        return
    yield from _difference(_kept(case, old), _kept(case, new))
    texts = Counter(step.text for step in old.steps)
    for step in new.steps:
        texts[step.text] -= 1
        if texts[step.text] < 0 and not _may_appear(case, step.text, texts):
            yield f"new command: {step.text}"
    yield from (f"runs and may not: {one.text}" for one in new.steps if _matches(one.text, case.no_step))
    for first, second in case.order:
        places = [next((i for i, s in enumerate(new.steps) if fnmatchcase(s.text, g)), None) for g in (first, second)]
        if None in places or places[0] >= places[1]:  # type: ignore[operator]
            yield f"`{first}` no longer runs before `{second}`"
    for wanted in case.steps:
        yield from _in_its_state(wanted, new.steps)


def _in_its_state(wanted: dict[str, str], found: Iterable[Step]) -> Iterator[str]:
    matching = [step for step in found if fnmatchcase(step.text, wanted["run"])]
    if not matching:
        yield f"does not run: {wanted['run']}"
    for step in matching:
        for name, value in wanted.items():
            real = dict((*step.environment, *step.variables)).get(name[1:], "") if name[0] == "$" else None
            real = real if real is not None else step.text if name == "run" else str(getattr(step, name))
            if name != "run" and real != value:
                yield f"`{step.text}` runs with {name} {real!r}, not {value!r}"


def _kept(case: Case, seen: Build) -> list[Step]:
    return [_compared(case, step) for step in seen.steps if _must_stay(case, step.text)]


def _must_stay(case: Case, text: str) -> bool:
    if _matches(text, case.may_change):
        return False
    return _matches(text, case.kept) or _program(text) not in MANAGED


def _compared(case: Case, step: Step) -> Step:
    flags = [_flag(flag) for flag in step.flags if not re.match(r"--mount=\S*type=cache|--ch(own|mod)=", flag)]
    environment = [(name, value) for name, value in step.environment if name not in case.may_move]
    return replace(step, flags=tuple(flags), environment=tuple(environment))


def _flag(flag: str) -> str:
    """The names of stages know no letter case."""
    return re.sub(r"from=[^,\s]+", lambda match: match[0].lower(), flag)


def _difference(old: Sequence[Step], new: Sequence[Step]) -> Iterator[str]:
    gone, come = Counter(s.text for s in old), Counter(s.text for s in new)
    yield from (f"command lost: {text}" for text in gone - come)
    if gone == come and [s.text for s in old] != [s.text for s in new]:
        yield f"other order: {[s.text for s in old]} became {[s.text for s in new]}"
    elif gone == come:
        for one, other in zip(old, new, strict=True):
            for name in Step.__dataclass_fields__:
                if name != "number" and getattr(one, name) != getattr(other, name):
                    yield f"`{one.text}`: {name} {getattr(one, name)!r} became {getattr(other, name)!r}"


def _may_appear(case: Case, text: str, texts: Counter[str]) -> bool:
    program = _program(text)
    if program in ("rm", "find"):
        words = [word for word in text.split()[1:] if not re.match(r"[\d&]*>", word)]
        return all(_CACHE.fullmatch(word.strip("\"'")) for word in words if not word.startswith("-")) or _matches(
            text, case.may_appear
        )
    if text.startswith("COPY ") and texts[f"ADD {text[5:]}"] > 0:
        return not _must_stay(case, f"ADD {text[5:]}")
    without_sudo = f"sudo {text}" in texts
    return (
        _program(text.removeprefix("sudo ")) in MANAGERS
        or without_sudo
        or _matches(text, (*case.may_appear, *case.may_change))
    )


def _program(text: str) -> str:
    """The command's name, behind assignments; `python -m pip` is pip."""
    words = [word.strip("'\"") for word in text.split()]
    while words and (re.match(r"\w+=", words[0]) or words[0] in _WRAPPERS):
        del words[0]
    if len(words) > 2 and re.fullmatch(r"\S*python[\d.]*", words[0]) and words[1] == "-m":
        return words[2]
    return posixpath.basename(words[0]) if words else ""


def _matches(text: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(text, one) for one in globs)


def outcomes(case: Case, before: str, after: str) -> Iterator[str]:
    """Each command in turn ends otherwise than usual: the build stops where it stopped, else does the same."""
    base, result = _build(case, before), _build(case, after)
    if base is None or result is None:
        return
    if bool(base.broken) != bool(result.broken):
        yield f"the ordinary build {_ends(base)}, afterwards it {_ends(result)}"
    there = {step.text for step in result.steps}
    for text in dict.fromkeys(step.text for step in base.steps if step.text in there):
        old, new = (_build(case, each, text) for each in (before, after))
        if old is None or new is None:
            continue
        if bool(old.broken) != bool(new.broken):
            yield f"with `{text}` ending otherwise the build {_ends(old)}, afterwards it {_ends(new)}"
        elif not old.broken:
            told = _difference(_kept(case, old), _kept(case, new))
            lost = [f"no longer installed: {word}" for word in sorted(_named(old) - _named(new))]
            yield from (f"with `{text}` ending otherwise: {one}" for one in (*told, *lost))
    for glob, wanted in case.guards:
        for text in [step.text for step in base.steps if fnmatchcase(step.text, glob)]:
            new = _build(case, after, text)
            if new is None or (wanted == "stops") != bool(new.broken):
                yield f"with `{text}` ending otherwise the build no longer {wanted}"


def _ends(seen: Build) -> str:
    return f"stops at `{seen.broken}`" if seen.broken else "passes"


def ordinary(case: Case, text: str) -> Build | None:
    """The build in which each command ends as the case says."""
    return _build(case, text)


def _build(case: Case, text: str, other: str | None = None) -> Build | None:
    """The build in which the commands end as the case says, but for one that ends otherwise."""
    return build(text, lambda one: int(_matches(one, ("false", *case.fails))) ^ (one == other))


def packages(case: Case, before: str, after: str) -> Iterator[str]:
    """What was named to be installed still is."""
    old, new = _build(case, before), _build(case, after)
    if old is None or new is None or old.broken:
        return
    lost = _named(old) - _named(new)
    yield from (f"no longer installed: {word}" for word in sorted(lost))


def _named(seen: Build) -> set[str]:
    return {word for step in seen.steps for word in _words(step.text)}


def _words(text: str) -> set[str]:
    """What an install names, with the values of options, which are not told apart."""
    match = _INSTALL.search(text + " ")
    words = text[match.end() :].split() if match else ()
    return {word for word in words if re.match(r"[\w./@'\"$]", word) and ">" not in word}


def lists(case: Case, before: str, after: str) -> Iterator[str]:
    """Each install of apt finds package lists, if it found some before."""
    old, new = _build(case, before), _build(case, after)
    if old is None or new is None or old.broken:
        return
    found, finds = _finding(old), _finding(new)
    lost = [word for word, reached in found.items() if reached and not finds.get(word, True)]
    yield from (f"finds no package lists: {word}" for word in sorted(lost))


def _finding(seen: Build) -> dict[str, bool]:
    """The words that are installed by apt, and whether lists are there each time."""
    found: dict[str, bool] = {}
    ends: dict[int, bool] = {}
    for stage in seen.stages:
        there = ends.get(id(stage.parent), False)
        mounted = -1
        for step in stage.steps:
            in_mount = any(re.search("type=(cache|tmpfs).*/var/lib/apt", flag) for flag in step.flags)
            if re.search(r"^\S*/?(apt|apt-get)\b.* update\b|^apt-get update", step.text):
                there, mounted = (there, step.number) if in_mount else (True, mounted)
            elif re.search(r"^(rm|find) .*/var/lib/apt/lists|^apt-get dist-clean", step.text) and not in_mount:
                there = False
            elif re.match(r"(\S*/)?apt(-get)? ", step.text):
                reached = mounted == step.number if in_mount else there
                for word in _words(step.text):
                    found[word] = found.get(word, True) and reached
        ends[id(stage)] = there
    return found


def mounts(case: Case, before: str, after: str) -> Iterator[str]:
    """No flag of a RUN goes; new cache mounts lie over nothing that is copied, worked in or somebody else's."""
    old, new = _build(case, before), _build(case, after)
    if old is None or new is None or old.broken:
        return
    had, has = ({_flag(flag) for step in each.steps for flag in step.flags} for each in (old, new))
    yield from (f"flag lost: {flag}" for flag in had - has if not re.match("--ch(own|mod)", flag))
    taken = {_target(flag) for flag in had}
    for flag in has - had:
        target = _target(flag)
        if not flag.startswith("--mount=type=cache") and not flag.startswith(("--chown", "--chmod")):
            yield f"new flag: {flag}"
        elif target and target not in taken:
            yield from (f"{flag} hides {path}" for path in _paths(after, new) if (path + "/").startswith(target + "/"))
    for step in new.steps:
        for flag in set(step.flags) - had:
            if _target(flag).startswith("/root") and step.user not in ("root", "0"):
                yield f"{flag} for the user {step.user}"


def _target(flag: str) -> str:
    match = re.search(r"(?:target|dst|destination)=([^,]+)", flag)
    return match[1].rstrip("/") if match else ""


def _paths(text: str, seen: Build) -> set[str]:
    """The paths that are copied out of stages or into them, or worked in."""
    found = {stage.config.folder for stage in seen.stages} - {"/"}
    for one in commands(text) or ():
        if one.cmd.upper() == "COPY":
            outer = any(flag.startswith("--from") for flag in one.flags)
            found |= set(one.value if outer else one.value[-1:])
        found |= {match[1] for flag in one.flags if (match := re.search(r"from=.*(?:source|src)=([^,]+)", flag))}
    return {posixpath.normpath(path) for path in found if path.startswith("/")}


def texts(case: Case, before: str, after: str) -> Iterator[str]:
    """The texts of the case that stay, and those that may not come."""
    yield from (f"text lost: {one!r}" for one in case.keeps if after.count(one) < before.count(one))
    yield from (f"text that may not come: {one!r}" for one in case.never if after.count(one) > before.count(one))
    if escape_of(before) != escape_of(after):
        yield "another escape character"


Check = Callable[[Case, str, str], Iterator[str]]
CHECKS: tuple[Check, ...] = (
    accepted,
    layout,
    comments,
    shells,
    documents,
    stages,
    config,
    steps,
    outcomes,
    packages,
    lists,
    mounts,
    texts,
)


def complaints(case: Case, before: str, after: str, mode: str = "") -> list[str]:
    """All that is wrong with the result."""
    if before == after:
        return []
    wrong = [f"{check.__name__}: {one}" for check in CHECKS for one in check(case, before, after)]
    if case.bytes is True or (case.bytes and mode in case.bytes):
        wrong.append("bytes: the file must come back as it is")
    return wrong
