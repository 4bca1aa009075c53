"""Prints the pages that are made from the code: `python -m tests.catalogue` shows, `--write` writes them.

transforms/README.md   the catalogue of transforms
README.md              the table between its `<!-- transforms -->` marks
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from optimizer.cli.catalogue import example_lines
from optimizer.transform import Transform
from transforms import PIPELINE

ROOT = Path(__file__).parents[1]
MARKS = re.compile(r"(<!-- transforms -->\n).*?(<!-- /transforms -->)", re.S)


def pages() -> dict[Path, str]:
    """Each page with the text that it should have."""
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    assert MARKS.search(text), "README.md has lost its marks"
    return {
        ROOT / "transforms" / "README.md": catalogue(),
        readme: MARKS.sub(lambda match: match[1] + table() + match[2], text),
    }


def table() -> str:
    """The transforms as a table."""
    rows = [f"| [`{t.id}`](transforms/README.md#{t.id}) | {t.safety} | {t.summary} |" for t in PIPELINE]
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
    if transform.counterparts:
        lines.append(f"Counterparts elsewhere: {', '.join(transform.counterparts)}.")
    for example in transform.examples:
        stays = example.before == example.after
        title = f"Stays as it is: {example.title}" if stays else example.title[0].upper() + example.title[1:]
        lines += ["", f"{title}{' (with `--unsafe`)' if example.unsafe else ''}:", "", "```diff"]
        lines += [*example_lines(example), "```"]
    return "\n".join(lines) + "\n"


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
