"""What the program says of its transforms, from their docstrings and examples."""

from __future__ import annotations

from difflib import ndiff

from optimizer.cli.errors import UsageError, suggestion
from optimizer.knowledge import profiles
from optimizer.transform import Example, Transform
from transforms import PIPELINE


def listing() -> str:
    """One line a transform: id, safety, what it does."""
    width = max(len(transform.id) for transform in PIPELINE)
    return "".join(
        f"{t.id:{width}}  {t.safety:10}  {t.summary}{'' if t.default else ' Off by default.'}\n" for t in PIPELINE
    )


def explanation(name: str) -> str:
    """The docstring and the examples of a transform. Raises UsageError where there is none of that name."""
    found = next((transform for transform in PIPELINE if transform.id == name), None)
    if found is None:
        near = suggestion(name, [transform.id for transform in PIPELINE]) or "; `dockopt rules` lists them"
        raise UsageError(f"unknown transform `{name}`{near}")
    head = f"{found.id}  ({found.safety})\n\n{found.doc}\n"
    if chosen := choices(found):
        head += f"\n{chosen}\n"
    if found.counterparts:
        head += f"\nCounterparts: {', '.join(found.counterparts)}\n"
    return head + "".join(f"\n{_shown(example, found)}" for example in found.examples)


def choices(transform: Transform) -> str:
    """How settings choose the transform and what they may tell it; empty where there is nothing to say."""
    said = []
    if not transform.default:
        names = [f"`{name}`" for name, ids in profiles().items() if transform.id in ids]
        said.append(f"Off by default: select it{', or the profile ' + ' or '.join(names) if names else ''}.")
    for number, (name, words) in enumerate(transform.options.items()):
        key = transform.id if number == 0 else f"{transform.id}.{name.replace('_', '-')}"
        values = [f'`{key} = "{word}"`' for word in words] or [f'`{key} = "..."`']
        said.append(f"Settings: {values[0]}{' (default)' if words else ''}{''.join(f', {v}' for v in values[1:])}.")
    return " ".join(said)


def _shown(example: Example, transform: Transform) -> str:
    said = ["--unsafe"] if example.unsafe else []
    first = next(iter(transform.options), None)
    for name, word in example.options.items():
        said.append(f'{transform.id if name == first else f"{transform.id}.{name}"} = "{word}"')
    mark = f" ({', '.join(said)})" if said else ""
    title = f"{example.title}{mark}" if example.changes else f"stays as it is: {example.title}{mark}"
    return f"  # {title}\n" + "".join(f"  {line}\n" for line in example_lines(example))


def example_lines(example: Example) -> list[str]:
    """The example as a diff, each line with its mark; above it the build context, below it what is ignored of it."""
    given = [f"# {path}: {' '.join(text.split())}" for path, text in (example.context or {}).items()]
    return (
        [f"  {line}" for line in given]
        + [
            line.rstrip("\n")
            for line in ndiff(example.before.splitlines(True), example.after.splitlines(True))
            if not line.startswith("?")
        ]
        + [f"+ # .dockerignore: {pattern}" for pattern in example.ignores]
    )
