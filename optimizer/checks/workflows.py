"""What a change of a CI file is held to, by code that knows no transform: it may only give builds a cache.

Every line stays as it is and in its order, and the file means the same but for `cache-from` and `cache-to` in the
`with` of steps that use `docker/build-push-action`.
"""

from __future__ import annotations

import re

from optimizer.facts.ci.values import BadYaml, Value, read

_GAINED = ("cache-from", "cache-to")
_SCOPE = re.compile(r"(,scope=([\w./:@+-]|\$\{\{ matrix\.[\w.-]+ \}\})+)?")
_BUILDS = "docker/build-push-action@"


def violation(before: str, root: Value, after: str) -> str | None:
    """Why the text may not take the place of the one before, whose document is the root; None where it may."""
    lines = iter(line.rstrip("\r\n") for line in after.splitlines(keepends=True))
    if not all(line.rstrip("\r\n") in lines for line in before.splitlines(keepends=True)):
        return "lines: one is gone, or differs"
    if _ends(after) - _ends(before):
        return "lines: they end in another way than those before"
    try:
        changed = read(after)
    except BadYaml as error:
        return f"data: line {error.line} {error}"
    return _difference(root, changed, "", set())


def _ends(text: str) -> set[str]:
    return {line[len(line.rstrip("\r\n")) :] for line in text.splitlines(keepends=True)} - {""}


def _difference(before: Value, after: Value, path: str, seen: set[tuple[int, int]]) -> str | None:
    """Where the two mean something else; pairs that were looked at are not looked at again (aliases)."""
    if (id(before), id(after)) in seen:
        return None
    seen.add((id(before), id(after)))
    if (before.tag, before.text) != (after.tag, after.text) or before.anchored != after.anchored:
        return f"data: `{path or 'the file'}` has another value"
    if len(before.items or ()) != len(after.items or ()):
        return f"data: `{path}` has another length"
    for number, (one, other) in enumerate(zip(before.items or (), after.items or (), strict=True)):
        if why := _difference(one, other, f"{path}[{number}]", seen):
            return why
    return _pairs_difference(before, after, path, seen)


def _pairs_difference(before: Value, after: Value, path: str, seen: set[tuple[int, int]]) -> str | None:
    own = list(after.pairs or ())
    if (before.said("uses") or "").lower().startswith(_BUILDS) and "with" in before:
        own = [(key, _without_cache(value, before.get(key.text or ""))) for key, value in own]
    if len(before.pairs or ()) != len(own):
        return f"data: `{path}` has other keys"
    for (key, one), (other_key, other) in zip(before.pairs or (), own, strict=True):
        place = f"{path}.{key.text}".lstrip(".")
        if why := _difference(key, other_key, place, seen) or _difference(one, other, place, seen):
            return why
    return None


def _without_cache(inputs: Value, before: Value | None) -> Value:
    """The inputs of a build without the two that it gained: both, or it gained none."""
    gained = {key.text: value.text for key, value in inputs.pairs or () if key.text in _GAINED}
    if before is None or inputs.pairs is None or any(name in before for name in _GAINED) or set(gained) != set(_GAINED):
        return inputs
    scope = (gained["cache-from"] or "").removeprefix("type=gha")
    if gained != {"cache-from": f"type=gha{scope}", "cache-to": f"type=gha,mode=max{scope}"} or not _SCOPE.fullmatch(
        scope
    ):
        return inputs
    kept = tuple((key, value) for key, value in inputs.pairs if key.text not in _GAINED)
    place = inputs.first, inputs.last, inputs.column
    return Value(inputs.tag, *place, inputs.style, inputs.flow, inputs.anchored, pairs=kept)
