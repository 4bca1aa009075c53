"""What comes out: the stages, and the configuration of their images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.conformance.build import SHELL, Build, Config, Stage
from tests.conformance.case import Case
from tests.conformance.judging.scenario import built

_AUTHORS = ("maintainer", "org.opencontainers.image.authors")


_BUILTINS = frozenset(
    ". : alias bg cd command eval exec exit export fg hash jobs local read return set shift source times trap type"
    " ulimit umask unset wait".split()
)


_PLAIN = re.compile(r"[\w./:@%+,-]+(?: +[\w./:@%+,=-]+)*")


def stages(case: Case, before: str, after: str) -> Iterator[str]:
    """The stages stand on the same bases, and what names a stage finds it."""
    old, new = built(case, before), built(case, after)
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
    old, new = built(case, before), built(case, after)
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
    if words[:1] == ["exec"]:  # the shell that it replaces is all that it is for
        return _plain(text.partition("exec")[2], config)
    if config.shell == SHELL and words and _PLAIN.fullmatch(text.strip()) and words[0] not in _BUILTINS:
        return tuple(words)
    return (*config.shell, text)
