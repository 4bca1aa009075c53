"""dockopt over a folder of real Dockerfiles: `python -m tests.real FOLDER [--unsafe] [--limit N] [--diffs FILE]`.

Prints per transform: changes, in how many files, what waits, refusals with their causes, and the most frequent reasons
to stand back.

Ends with 1 if a file does not come back byte for byte, is read in another way than BuildKit does, is no longer
accepted, is changed again by a second run, or raises.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from msgspec import Struct, field

from optimizer.cli.discovery import is_dockerfile
from optimizer.engine import Result, optimize
from optimizer.patch import unified
from optimizer.syntax.nodes import Dockerfile
from optimizer.syntax.parser import parse, render
from tests.conformance.case import Case
from tests.conformance.judge import complaints
from tests.oracles.buildkit import Seen, by_binding, ours
from transforms import PIPELINE


class Look(Struct):
    """What one file showed; `wrong` says what must not be, with the details to print."""

    path: Path
    result: Result | None = None
    seconds: float = 0.0
    wrong: dict[str, str] = field(default_factory=dict)
    judged: bool = False
    """Whether BuildKit's parser accepts the file, so that it could be asked."""


def files_below(folder: Path) -> list[Path]:
    """The Dockerfiles, also under flattened names like `web__Dockerfile`."""
    found = (path for path in folder.rglob("*") if path.is_file() and is_dockerfile(path.name.rsplit("__")[-1]))
    return sorted(found)


def look(path: Path, *, unsafe: bool, judge: bool = False) -> Look:
    """One file, once through everything; the judge of `tests/conformance` is slow, so only on demand."""
    seen = Look(path)
    data = path.read_bytes()
    tree = parse(data)
    if render(tree) != data:
        seen.wrong["does not come back byte for byte"] = ""
    start = time.process_time()
    try:
        result = seen.result = optimize(data, unsafe=unsafe)
        seen.seconds = time.process_time() - start
        if result.changed and (again := optimize(result.after, unsafe=unsafe)).changed:
            seen.wrong["is changed by a second run"] = unified(again.before, again.after, path.name)
    except Exception:
        seen.wrong["raises"] = traceback.format_exc(limit=-3)
        return seen
    _ask(tree, result, seen)
    if judge and result.changed and (told := complaints(Case(path.name, ()), result.before, result.after)):
        seen.wrong["is judged to build otherwise"] = "".join(f"    {one}\n" for one in told)
    return seen


def _ask(tree: Dockerfile, result: Result, seen: Look) -> None:
    """BuildKit's parser on the file before and after; it can be given no NUL and no bytes that are not UTF-8."""
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in result.before):
        return
    theirs = by_binding(result.before)
    seen.judged = theirs is not None
    if theirs is None:
        return
    if difference := _difference(_outline(ours(tree)), _outline(theirs)):
        seen.wrong["is read in another way by BuildKit"] = difference
    if result.changed and by_binding(result.after) is None:
        seen.wrong["was accepted before and is not after"] = unified(result.before, result.after, seen.path.name)


def _outline(instructions: Iterable[Seen]) -> list[str]:
    return [f"lines {one.first}-{one.last}: {one.text.split(' ')[0].upper()}" for one in instructions]


def _difference(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """The first place at which the two lists part; empty where they are equal."""
    for number in range(max(len(ours), len(theirs))):
        pair = [each[number] if number < len(each) else "nothing" for each in (ours, theirs)]
        if pair[0] != pair[1]:
            return f"we see {pair[0]}; BuildKit {pair[1]}\n"
    return ""


def report(looks: Sequence[Look], reasons: int) -> bool:
    """Print what the files showed; whether all is well. `reasons`: how many to stand back are told a transform."""
    results = [each.result for each in looks if each.result]
    wrong = Counter(what for each in looks for what in each.wrong)
    for each in looks:
        for what, details in each.wrong.items():
            print(f"{each.path}: {what}\n{details}", end="")
    print(f"{len(looks)} files, {sum(each.judged for each in looks)} that BuildKit's parser accepts")
    print(f"{sum(result.changed for result in results)} changed")
    times = sorted((each.seconds * 1000, str(each.path)) for each in looks) or [(0.0, "")]
    mean = sum(time for time, _ in times) / len(times)
    median, (most, slowest) = times[len(times) // 2][0], times[-1]
    print(f"CPU a file: mean {mean:.2f} ms, median {median:.2f}, most {most:.0f} ({slowest})")
    _list("WRONG", wrong)
    _list("rejected", Counter(result.problems[0].message for result in results if result.problems))
    _transforms(results)
    _list("waiting", Counter(f"{one.transform} ({one.safety})" for result in results for one in result.pending))
    _list("refused by a check", Counter(f"{one.transform}: {one.why}" for result in results for one in result.refusals))
    for transform in PIPELINE:
        whys = (one.why for result in results for one in result.stood_back if one.transform == transform.id)
        _list(f"{transform.id} stood back", Counter(whys), reasons)
    return not wrong


def _transforms(results: Sequence[Result]) -> None:
    print(f"\n{'transform':28} {'changes':>8} {'files':>6} {'waiting':>8} {'refused':>8} {'stood back':>11}")
    for transform in PIPELINE:
        changes = [sum(one.transform == transform.id for one in result.changes) for result in results]
        others = [
            sum(one.transform == transform.id for result in results for one in getattr(result, field))
            for field in ("pending", "refusals", "stood_back")
        ]
        print(
            f"{transform.id:28} {sum(changes):8} {sum(map(bool, changes)):6} {others[0]:8} {others[1]:8} {others[2]:11}"
        )


def _list(title: str, counts: Counter[str], most: int = 40) -> None:
    print(f"\n{title}: {counts.total()}")
    for name, count in counts.most_common(most):
        print(f"{count:7}  {name}")
    if len(counts) > most:
        print(f"{'':9}and {len(counts) - most} others")


def diffs(looks: Iterable[Look]) -> Iterator[str]:
    """For a person to read: each diff with its changes and refusals."""
    for each in looks:
        if (result := each.result) and (result.changed or result.refusals):
            yield f"=== {each.path}\n{unified(result.before, result.after, each.path.name)}"
            yield from (f"# {change.line} {change.transform}  {change.why}\n" for change in result.changes)
            yield from (f"# {one.line} {one.transform} REFUSED  {one.why}\n" for one in result.refusals)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.real", description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--unsafe", action="store_true")
    options.add_argument("--limit", type=int, help="so many files, drawn by chance but always the same ones")
    options.add_argument("--reasons", type=int, default=8, help="so many reasons to stand back for each transform")
    options.add_argument("--judge", action="store_true", help="also ask the judge of tests/conformance")
    options.add_argument("--diffs", type=Path, help="write all diffs and reasons to this file")
    chosen = options.parse_args()
    files = files_below(chosen.folder)
    if chosen.limit:
        files = sorted(random.Random(7).sample(files, min(chosen.limit, len(files))))
    context = multiprocessing.get_context("spawn")  # the Go runtime of BuildKit's parser does not survive a fork
    with ProcessPoolExecutor(2, context) as pool:
        looks = list(pool.map(partial(look, unsafe=chosen.unsafe, judge=chosen.judge), files, chunksize=50))
    if chosen.diffs:
        chosen.diffs.write_text("".join(diffs(looks)), "utf-8", "surrogateescape")
    return 0 if report(looks, chosen.reasons) else 1


if __name__ == "__main__":
    sys.exit(main())
