"""Prints the pages that are made from the code: `python -m tests.catalogue` shows, `--write` writes them.

transforms/README.md   the catalogue of transforms
README.md, optimizer/docs/*.md   what stands between marks: tables, demos, results
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from optimizer.cli.cache import CacheOptions, examined
from optimizer.cli.cache_text import report_text
from optimizer.cli.catalogue import choices, example_lines
from optimizer.engine import optimize
from optimizer.facts.context.finder import Finder
from optimizer.patch import unified
from optimizer.transform import Example, Transform
from transforms import PIPELINE

ROOT = Path(__file__).parents[1]
DEMO = "corpus/projects/flask-notes/Dockerfile"
CACHED = "corpus/projects/node-copy-first/Dockerfile"
PARTED = "corpus/projects/python-links-library/Dockerfile"


def printed() -> dict[str, Callable[[], str]]:
    """What stands between marks of a page, `<!-- NAME -->` and `<!-- /NAME -->`, and what prints it."""
    return {
        "transforms": table,
        "demo": demo,
        "cache": cache,
        "moved": lambda: demo(CACHED),
        "stages": lambda: demo(PARTED, unsafe=True),
        "results": results,
        "smaller": lambda: results("UNSAFE.md"),
    }


def pages() -> dict[Path, str]:
    """Each page with the text that it should have."""
    found = {ROOT / "transforms" / "README.md": catalogue()}
    seen = set()
    for page in (ROOT / "README.md", *sorted((ROOT / "optimizer" / "docs").glob("*.md"))):
        text = page.read_text("utf-8")
        for name in re.findall(r"<!-- (\w+) -->", text):
            marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
            text = marks.sub(lambda match, name=name: match[1] + printed()[name]() + match[2], text)  # type: ignore[misc]
            seen.add(name)
        found[page] = text
    assert seen == printed().keys(), f"no page has the marks of {printed().keys() - seen}"
    return found


def results(page: str = "RESULTS.md") -> str:
    """What `make prove-table` measured last, of the projects that are rewritten."""
    lines = (ROOT / "tests" / "e2e" / page).read_text("utf-8").split("\n")
    table = [line for line in lines if line.startswith("|")]
    rewritten = [row for row in table[2:] if row.split("|")[2].strip() not in ("-", "")]
    return "\n".join([lines[0], "", *table[:2], *rewritten]) + "\n"


def demo(dockerfile: str = DEMO, *, unsafe: bool = False) -> str:
    """What `dockopt fix` prints of a project on standard output; of the first, `make demo`."""
    path = ROOT / dockerfile
    context = Finder().supply(path, path.parent, path.read_bytes())
    result = optimize(path.read_bytes(), unsafe=unsafe, context=context)
    changes = sorted(result.changes, key=lambda change: change.line)
    lines = [f"{dockerfile}:{change.line} {change.transform}  {change.reason}\n" for change in changes]
    return f"```diff\n{unified(result.before, result.after, dockerfile)}{''.join(lines)}```\n"


def cache() -> str:
    """What `dockopt cache` prints of a project whose one COPY takes all, after a change of a source file."""
    path = ROOT / CACHED
    shown = examined(path, CacheOptions((str(path.parent / "src" / "server.js"),)))
    return "".join(f"    {line}\n" for line in report_text(replace(shown, path=CACHED)).splitlines())


def table() -> str:
    """The transforms as a table."""
    rows = [
        f"| [`{t.id}`](transforms/README.md#{t.id}) | {t.safety}{'' if t.default else ', off'} | {t.summary} |"
        for t in PIPELINE
    ]
    return "\n".join(["| transform | safety | what it does |", "| --- | --- | --- |", *rows]) + "\n"


def catalogue() -> str:
    """The page of all transforms, in their order."""
    head = (
        "# The transforms\n\nPrinted from their docstrings and examples by `make docs`; the examples are the tests. "
        "They run in this order.\n"
    )
    return head + "".join(_section(transform) for transform in PIPELINE)


def _section(transform: Transform) -> str:
    lines = [f"\n## {transform.id}\n", transform.doc, ""]
    lines.append(f"Safety level: **{transform.safety}**. May change: {_listed(transform)}.")
    if chosen := choices(transform):
        lines.append(chosen)
    if transform.counterparts:
        lines.append(f"Counterparts elsewhere: {', '.join(transform.counterparts)}.")
    for example in transform.examples:
        stays = not example.changes
        title = f"Stays as it is: {example.title}" if stays else example.title[0].upper() + example.title[1:]
        lines += ["", f"{title}{_conditions(transform, example)}:", "", "```diff"]
        lines += [*example_lines(example), "```"]
    return "\n".join(lines) + "\n"


def _conditions(transform: Transform, example: Example) -> str:
    """What the user must have said for the example to hold."""
    said = ["`--unsafe`"] if example.unsafe else []
    said += [f'`{transform.id} = "{word}"`' for word in example.options.values()]
    return f" (with {', '.join(said)})" if said else ""


def _listed(transform: Transform) -> str:
    names = sorted(aspect.value for aspect in transform.may_change) + sorted(
        f"{leeway.value} of the trace" for leeway in transform.leeway
    )
    return ", ".join(names)


def main() -> None:
    """Show the pages, or write them."""
    for path, text in pages().items():
        if "--write" in sys.argv[1:]:
            path.write_text(text, "utf-8")
        else:
            print(text)


if __name__ == "__main__":
    main()
