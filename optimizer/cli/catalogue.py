"""What the program says of its transforms, from their docstrings and examples."""

from __future__ import annotations

from difflib import ndiff

from optimizer.cli.errors import UsageError, suggestion
from optimizer.transform import Example, Transform
from transforms import PIPELINE


def listing() -> str:
    """One line a transform: id, safety, what it does."""
    width = max(len(transform.id) for transform in PIPELINE)
    return "".join(f"{t.id:{width}}  {t.safety:10}  {t.summary}\n" for t in PIPELINE)


def explanation(name: str) -> str:
    """The docstring and the examples of a transform. Raises UsageError where there is none of that name."""
    found = next((transform for transform in PIPELINE if transform.id == name), None)
    if found is None:
        near = suggestion(name, [transform.id for transform in PIPELINE]) or "; `dockopt rules` lists them"
        raise UsageError(f"unknown transform `{name}`{near}")
    head = f"{found.id}  ({found.safety})\n\n{found.doc}\n"
    if found.counterparts:
        head += f"\nCounterparts: {', '.join(found.counterparts)}\n"
    return head + "".join(f"\n{_shown(example, found)}" for example in found.examples)


def _shown(example: Example, transform: Transform) -> str:
    mark = " (--unsafe)" if example.unsafe else ""
    title = f"{example.title}{mark}" if example.before != example.after else f"stays as it is: {example.title}{mark}"
    return f"  # {title}\n" + "".join(f"  {line}\n" for line in example_lines(example))


def example_lines(example: Example) -> list[str]:
    """The example as a diff, each line with its mark."""
    return [
        line.rstrip("\n")
        for line in ndiff(example.before.splitlines(True), example.after.splitlines(True))
        if not line.startswith("?")
    ]
