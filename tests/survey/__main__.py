"""How many real applications of one stage dockopt parts: `python -m tests.survey FOLDER [--write] [--details FILE]`.

FOLDER holds work trees with the names `OWNER+NAME`. Each application is optimized with `--unsafe` in its build context.
Ends with 1 if a result is no longer accepted by BuildKit's parser, is changed by a second run, or anything raises.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from optimizer.patch import unified
from tests.survey.applications import applications
from tests.survey.looks import Look, look
from tests.survey.page import page

PAGE = Path(__file__).parent / "SURVEY.md"


def details(looks: Sequence[Look]) -> Iterator[str]:
    """For a person to read: the reason or the diff of each."""
    for one in looks:
        state = "CONVERTED" if one.converted else "REFUSED" if one.refused else "NOTHING"
        yield f"=== {state} {one.application.ecosystem} {one.application.name}\n"
        result = one.result
        if result is not None and one.converted:
            yield unified(result.before, result.after, "Dockerfile")
        elif result is not None:
            yield f"# {one.refused}\n{result.before}\n"
        yield from (f"# REFUSED {each.transform}: {each.why}\n" for each in (result.refusals if result else ()))


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.survey", description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--write", action="store_true", help=f"write the page {PAGE.name}")
    options.add_argument("--details", type=Path, help="write the reason or the diff of each to this file")
    chosen = options.parse_args()
    context = multiprocessing.get_context("spawn")  # the Go runtime of BuildKit's parser does not survive a fork
    with ProcessPoolExecutor(2, context) as pool:
        looks = list(pool.map(look, applications(chosen.folder), chunksize=5))
    for one in looks:
        for what, text in one.wrong.items():
            print(f"{one.application.name}: {what}\n{text}", file=sys.stderr)
    text = page(looks)
    print(text, end="")
    if chosen.write:
        PAGE.write_text(text)
    if chosen.details:
        chosen.details.write_text("".join(details(looks)), "utf-8", "surrogateescape")
    return 1 if any(one.wrong for one in looks) else 0


if __name__ == "__main__":
    sys.exit(main())
