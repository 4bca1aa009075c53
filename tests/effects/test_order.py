"""What `commutes` allows is run by a real shell in both orders: the trees must be equal.

`ORDER_PAIRS` says how many pairs are run, `ORDER_SEED` which ones.
"""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from optimizer.facts import Facts
from optimizer.facts.effects import commutes
from optimizer.syntax.parser import parse

_NAMES = "a b c d/a d/b d e e/x l l/a d/e d/e/f /w/d/a /w/a * d/* ./a d/../b /w/l f g n e/g".split()
_MODES = ["700", "a+x", "-x", "-R 750", "u=rw,go="]
_START = "mkdir -p d/e e h && for x in a b c d/a d/b d/e/f e/x e/g h/a; do echo 1 > $x; done; ln -s e/x g; ln -s h l"


def command(chance: random.Random) -> str:
    """One command over a few names."""
    one, other = chance.choice(_NAMES), chance.choice(_NAMES)
    plain, digit = other.replace("*", "b"), chance.randint(0, 9)
    return chance.choice(
        [
            f"mkdir {plain}",
            f"mkdir -p {plain}",
            f"touch {plain}",
            f"cp {one} {plain}",
            f"cp -r {one} {plain}",
            f"cp {one} {plain}/",
            f"mv {one} {plain}",
            f"rm -f {one}",
            f"rm -rf {one}",
            f"rmdir {plain}",
            f"ln -s {one.replace('*', 'a')} {plain}",
            f"ln -sf /w/d {plain}",
            "ln -s d l",
            f"ln {one} {plain}",
            f"echo {digit} > {plain}",
            f"echo {digit} >> {plain}",
            f"cat {one} > {plain}",
            f"echo {digit} | tee {plain}",
            f"chmod {chance.choice(_MODES)} {one}",
            f"sed -i s/1/2/ {one}",
            f"cd {plain} && echo 1 > n",
            f"cd {plain} && rm -rf a",
            f"test -e {plain} && echo 3 > f",
            f"[ ! -e {plain} ] && touch g",
            f"find {one} -type f -delete",
            f"find {one} -type f -exec chmod 600 {{}} +",
            f"tar -cf t.tar {plain}",
            f"tar -xf t.tar -C {plain}",
            f"X={plain} && touch $X",
            "for x in a b; do touch $x; done",
            f"install -d {plain}",
            f"install -m 600 {one} {plain}",
            f"ls {one} > list",
        ]
    )


def step(chance: random.Random) -> str:
    """One or two commands."""
    return " && ".join(command(chance) for _ in range(chance.choice((1, 1, 2))))


def pairs(chance: random.Random) -> Iterator[tuple[list[str], str, str]]:
    """Steps before, and two steps that commute behind them."""
    while True:
        before = [_START, *(command(chance) for _ in range(chance.randint(0, 3)))]
        a, b = step(chance), step(chance)
        facts = Facts(parse("FROM debian:12\nWORKDIR /w\n" + "".join(f"RUN {each}\n" for each in (*before, a, b))))
        *_, first, second = facts.stages[0].instructions
        if commutes(facts, first, second) is None:
            yield before, a, b


def run(order: list[str]) -> dict[str, str] | None:
    """The tree after the steps, each in a shell of its own, or None if one fails."""
    with tempfile.TemporaryDirectory(prefix="order") as root:
        work = Path(root, "w")
        work.mkdir()
        script = " && ".join(f"(cd {work} && {each.replace('/w/', f'{work}/')})" for each in order)
        if subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=False).returncode:
            return None
        return {str(path.relative_to(work)): _seen(path, str(work)) for path in sorted(work.rglob("*"))}


def _seen(path: Path, root: str) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}".replace(root, "/w")
    mode = oct(path.stat().st_mode)
    if path.is_dir():
        return mode
    # An archive holds times.
    return mode if path.suffix == ".tar" else f"{mode} {path.read_bytes()!r}".replace(root, "/w")


def test_steps_that_commute_leave_the_same_tree_in_both_orders() -> None:
    wanted = int(os.environ.get("ORDER_PAIRS", "40"))
    ran = 0
    for before, a, b in pairs(random.Random(int(os.environ.get("ORDER_SEED", "5")))):
        straight = run([*before, a, b])
        if straight is None:
            continue
        assert run([*before, b, a]) == straight, f"{before}\n{a}\n{b}"
        ran += 1
        if ran == wanted:
            return
