"""Under which name a build keeps its cache, so that no other build overwrites it: told by what is built.

Docker's default name is one for the whole repository. It stays for `Dockerfile` in the top folder; else the context,
the file and the target make the name, with the values of the matrix that the build depends on.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from optimizer.facts.ci.github import Job, Step, expressions, looked_up, names_in
from optimizer.facts.ci.values import Value

_INPUTS = ("context", "file", "target", "build-args", "build-contexts", "platforms")
"""Those that decide what a build does."""
_SAFE = re.compile(r"[A-Za-z0-9][\w./:@+-]*")
"""Values that stand in `type=gha,scope=...` as they are: a comma would begin another option."""
_TOP = re.compile(r"\s*(\$\{\{\s*github\.workspace\s*\}\}/?|\{\{\s*defaultContext\s*\}\}:?)")
_VARYING = frozenset({"env", "steps", "strategy", "runner", "job"})
"""What may differ between the runs of a matrix without naming it."""

_Key = tuple[str, ...]
"""The path of a value in a matrix."""


class UnknownScope(Exception):
    """No name can be told; the message says why."""


class Build(Struct, frozen=True):
    """A step that builds, with its job and the `env` of the workflow and the job."""

    job: Job
    step: Step
    env: dict[str, str]

    def resolved(self, name: str) -> str:
        """The text of an input, with the variables of `env` that are plain text; empty where it is not given."""
        text = self.step.input(name) or ""
        for expression in expressions(text):
            if expression.startswith("env.") and (value := self.env.get(expression[4:])) is not None:
                text = re.sub(r"\$\{\{\s*" + re.escape(expression) + r"\s*\}\}", lambda _: value, text)
        return text

    def input(self, name: str) -> str:
        """The same, from the top folder of the repository on."""
        text = self.resolved(name)
        match = _TOP.match(text)
        return f"./{text[match.end() :]}".strip() if match else text.strip()

    @property
    def identity(self) -> tuple[str, ...]:
        """Equal for builds that do the same."""
        context, file = _paths(self)
        machines = (text for text in self.job.runners if "${{" in text or "arm" in text)
        return (context, file, *(" ".join(self.input(name).split()) for name in _INPUTS[2:]), *machines)


def env_of(*values: Value | None) -> dict[str, str]:
    """The variables of these `env` mappings that are plain text, the later ones first."""
    found: dict[str, str] = {}
    for value in values:
        for key, one in (value.pairs if value is not None else None) or ():
            if key.text and one.text is not None:
                found[key.text] = one.text
    return {name: text for name, text in found.items() if "${{" not in text}


def scopes_of(builds: Sequence[Build]) -> list[str | UnknownScope]:
    """The scope of each build of a file, empty for the default one.

    Those that have a cache in GitHub's store keep theirs.
    """
    found: list[str | UnknownScope] = []
    for build in builds:
        try:
            found.append(_given(build) if "type=gha" in (build.step.input("cache-to") or "") else _base(build))
        except UnknownScope as error:
            found.append(error)
    return _apart(builds, found)


def _given(build: Build) -> str:
    match = re.search(r"scope=([^,\n]+)", build.step.input("cache-to") or "")
    return match[1].strip() if match else ""


def _base(build: Build) -> str:
    context, file = _paths(build)
    target = build.input("target")
    for name, text in (("context", context), ("file", file), ("target", target)):
        if other := next((one for one in names_in(text) if one[0] != "matrix"), None):
            raise UnknownScope(f"`{name}` comes from `{'.'.join(other)}`, and the scope of the cache is named by it")
    own = [_slug(context), _file_name(context, file), _slug(target)]
    return "-".join([*filter(None, own), *_matrix_part(build)])


def _paths(build: Build) -> tuple[str, str]:
    """The context and the Dockerfile, as paths from the top folder; the file is empty where it is the usual one."""
    context = posixpath.normpath(build.input("context") or ".")
    file = build.input("file")
    file = posixpath.normpath(file) if file else ""
    return context, "" if file == posixpath.join(context, "Dockerfile").removeprefix("./") else file


def _file_name(context: str, file: str) -> str:
    if context != ".":
        file = file.removeprefix(context + "/")
    file = re.sub(r"(^|/)Dockerfile$", "", file)
    return _slug(re.sub(r"(^|/)Dockerfile\.|\.[Dd]ockerfile$", r"\1", file))


def _slug(text: str) -> str:
    """Its plain parts; expressions give theirs apart."""
    text = re.sub(r"\$\{\{.*?\}\}", "/", text)
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")


def _matrix_part(build: Build) -> list[str]:
    """The expressions of the matrix that tell the runs of a job apart. Raises UnknownScope."""
    job = build.job
    if not job.has_matrix:
        return []
    checkouts = (text for step in job.steps if step.action == "actions/checkout" for text in _texts(step))
    texts = [*(build.input(name) for name in _INPUTS), *job.runners, *checkouts]
    names = [name for text in texts for name in names_in(text)]
    used = list(dict.fromkeys(name[1:] for name in names if name[0] == "matrix"))
    varying = any(name[0] in _VARYING for name in names)
    if not used and not varying:
        return []
    if not job.runs:
        raise UnknownScope("its matrix is only known when it runs: a value may hold what no scope can")
    keys = _telling(job.runs, used, varying=varying)
    if keys is None:
        raise UnknownScope("no values of its matrix tell its runs apart that can stand in a scope")
    return [f"${{{{ matrix.{'.'.join(key)} }}}}" for key in keys]


def _telling(runs: Sequence[dict[str, Any]], used: list[_Key], *, varying: bool) -> list[_Key] | None:
    """The keys whose values tell runs that differ apart; None where there are none that a scope can hold.

    Where all that differs between the runs is in the used keys, these do; else the runs must all be told apart.
    """
    everything: list[_Key] = [(name,) for name in dict.fromkeys(name for run in runs for name in run)]
    apart = [one for one in ([key] for key in used) if _fit(runs, one) and _tell_apart(runs, one)]
    if used and not varying and _fit(runs, used):
        return apart[0] if apart else used
    candidates: list[list[_Key]] = [*apart, used, *([key] for key in everything), everything]
    return next((one for one in candidates if one and _fit(runs, one) and _tell_apart(runs, one)), None)


def _texts(step: Step) -> Iterator[str]:
    return step.inputs.texts() if step.inputs is not None else iter(())


def _fit(runs: Iterable[dict[str, Any]], keys: Sequence[_Key]) -> bool:
    """Whether a scope can hold all values of the keys."""
    values = [looked_up(run, key) if key else None for run in runs for key in keys]
    return all(value is not None and _SAFE.fullmatch(value) for value in values)


def _tell_apart(runs: Sequence[dict[str, Any]], keys: Sequence[_Key]) -> bool:
    return len({tuple(looked_up(run, key) for key in keys) for run in runs}) == len(runs)


def _apart(builds: Sequence[Build], found: Sequence[str | UnknownScope]) -> list[str | UnknownScope]:
    """The scopes with something added where builds that differ would share one. What is given stays."""
    result = list(found)
    taken = {one for one in found if isinstance(one, str)}
    for scope in taken:
        members = [number for number, one in enumerate(found) if one == scope]
        if len({builds[number].identity for number in members}) == 1:
            continue
        free = [number for number in members if builds[number].step.input("cache-to") is None]
        for number, name in zip(free, _names_apart([builds[number] for number in free], scope, taken), strict=True):
            result[number] = name
    return result


def _names_apart(builds: Sequence[Build], scope: str, taken: set[str]) -> list[str | UnknownScope]:
    """New scopes for builds that share one, by the first property that tells those that differ apart."""
    for told in (_platform, _image, _id, _job):
        own = [_slug(told(build)) for build in builds]
        names: list[str | UnknownScope] = [f"{scope}-{one}" if scope else one for one in own]
        pairs = {(name, build.identity) for name, build in zip(names, builds, strict=True)}
        if all(own) and len({name for name, _ in pairs}) == len(pairs) and not taken.intersection(map(str, names)):
            return names
    why = "another build of the file would have the same scope, and only an `id` of the steps would tell them apart"
    return [UnknownScope(why) for _ in builds]


def _platform(build: Build) -> str:
    text = build.input("platforms")
    return "" if "${{" in text else text


def _image(build: Build) -> str:
    """The name of the first image in `tags`, without registry and tag."""
    first = re.match(r"[^\s,:]+(:\d+/[^\s,:]+)?", build.input("tags"))
    name = first[0].rpartition("/")[2] if first else ""
    return "" if re.search(r"[${}]", name) else name


def _id(build: Build) -> str:
    return build.step.value.said("id") or ""


def _job(build: Build) -> str:
    return build.job.name
