"""Commands that make, move and look at files, and accounts: `cp`, `mkdir`, `chown`, `useradd`, `find` ..."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from optimizer.facts.effects.grammars.options import has, owner_options, split, user_names
from optimizer.facts.effects.places import UNKNOWN, Place, canonical
from optimizer.knowledge.effects import effects_table

if TYPE_CHECKING:
    from optimizer.facts.effects.commands import Reading
    from optimizer.knowledge.effects import Deed


def copy(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`cp`, `mv`, `install`: sources and where they go; `mv` deletes the sources."""
    options, operands = split(deed, words)
    moves = "mv" in deed.names
    owner_options(deed, options, reading)
    if has(options, "-d", "--directory") and "install" in deed.names:
        for operand in operands:
            reading.put("writes", operand)
        return True
    target = next((value for option, value in options if option in ("-t", "--target-directory")), None)
    if target is None:
        if len(operands) < 2:
            return False
        *operands, target = operands
    else:
        target += "/"
    for operand in operands:
        reading.put("reads", operand, below=True)
        if moves:
            reading.put("deletes", operand, below=True)
    _into(reading, target, operands, below=True)
    return True


def _into(reading: Reading, target: str, sources: list[str], *, below: bool) -> None:
    """Write what is copied to a target: below it if it is a folder, and it is the target where that is not known."""
    folder = target.endswith("/") or canonical(reading.at(target).path) in effects_table().standing
    if folder and UNKNOWN not in target:
        for source in sources:
            name = posixpath.basename(source.rstrip("/"))
            if not name or UNKNOWN in name or name in (".", "..") or "*" in name:
                reading.put("writes", target, below=True)
            else:
                reading.put("writes", posixpath.join(target, name), below=below)
        return
    reading.put("writes", target, below=True)
    reading.put("reads", target)


def folders(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`mkdir`: with `-p` the folders above are made too."""
    options, operands = split(deed, words)
    for operand in operands:
        reading.put("writes", operand)
        made = reading.at(operand)
        while has(options, "-p", "--parents") and not made.below:
            parent = posixpath.dirname(made.path)
            if parent in effects_table().standing:
                break
            made = Place(parent)
            reading.writes.add(made)
    return bool(operands)


def link(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`ln`: a link at the last operand, or in the folder that it is; a symbolic link needs no target."""
    options, operands = split(deed, words)
    symbolic = has(options, "-s", "--symbolic")
    if not operands:
        return False
    *targets, name = operands if len(operands) > 1 else [*operands, "./"]
    if not symbolic:
        for target in targets:
            reading.put("reads", target)
    _into(reading, name, targets, below=False)
    if symbolic and len(targets) == 1:
        at = reading.at(name).path
        if canonical(at) in effects_table().standing or name.endswith("/"):
            at = posixpath.join(at, posixpath.basename(targets[0].rstrip("/")))
        target = targets[0] if targets[0].startswith("/") else posixpath.join(posixpath.dirname(at), targets[0])
        reading.links.append((at, UNKNOWN if UNKNOWN in targets[0] else canonical(target)))
    elif symbolic:
        for target in targets:
            at = posixpath.join(reading.at(name).path, posixpath.basename(target.rstrip("/")))
            known = target.startswith("/") and UNKNOWN not in target
            reading.links.append((at, canonical(target) if known else UNKNOWN))
    return True


def owner(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`chown USER:GROUP FILE...`, `chgrp`: the names are looked up, the files changed."""
    options, operands = split(deed, words)
    below = has(options, "-R", "--recursive")
    reference = next((value for option, value in options if option == "--reference"), None)
    if reference:
        reading.put("reads", reference)
    elif operands:
        reading.users.update(user_names(operands[0]))
        operands = operands[1:]
    for operand in operands:
        reading.put("reads", operand, below=below)
        reading.put("writes", operand, below=below)
    return bool(operands)


def mode(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`chmod MODE FILE...`; a mode such as `-x` looks like an option."""
    words = ["MODE" if re.fullmatch(r"-[rwxXst]+", word) and word != "-R" else word for word in words]
    options, operands = split(deed, words)
    below = has(options, "-R", "--recursive")
    if not has(options, "--reference"):
        operands = operands[1:]
    for operand in operands:
        reading.put("reads", operand, below=below)
        reading.put("writes", operand, below=below)
    return True


def account(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`useradd`, `groupadd`, `usermod` ...: the names that it makes, the groups that it looks up, the home."""
    options, operands = split(deed, words)
    names = {name for operand in operands for name in ({"*"} if UNKNOWN in operand else {operand})}
    reading.makes_users |= names
    if not names and "chpasswd" not in deed.names:
        reading.makes_users.add("*")
    for option, value in options:
        if option in deed.user_options:
            reading.users |= {"*"} if UNKNOWN in value else {n for n in value.split(",") if n and not n.isdigit()}
        elif option in deed.writing_options and value:
            reading.put("writes", value, below=True)
    if "useradd" in deed.names or "adduser" in deed.names:
        home = next((value for option, value in options if option in ("-d", "--home", "--home-dir", "-h")), None)
        if home is None and not has(options, "-M", "--no-create-home", "-H"):
            for name in names:
                reading.put("writes", f"/home/{UNKNOWN if name == '*' else name}", below=True)
    return True


def find(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`find ROOTS ... -delete | -exec COMMAND`: reads the roots; writes them if the command that it runs is known."""
    while words and words[0] in ("-H", "-L", "-P"):
        words = words[1:]
    end = next(
        (at for at, word in enumerate(words) if word.startswith(("-", "(", "!", "\\")) and len(word) > 1), len(words)
    )
    roots = [word for word in words[:end] if word not in ("(", "!")] or ["."]
    for root in roots:
        reading.put("reads", root, below=True)
    if "-delete" in words:
        for root in roots:
            reading.put("deletes", root, below=True)
    for at, word in enumerate(words):
        if word in ("-exec", "-execdir", "-ok"):
            command = posixpath.basename(words[at + 1]) if at + 1 < len(words) else ""
            kind = deed.switches.get(command)
            if kind is None:
                return False
            for root in roots:
                reading.put(kind, root, below=True)
            if command in ("chown", "chgrp") and at + 2 < len(words):
                reading.users |= {name for word in words[at + 2 :] if ":" in word for name in user_names(word)} or {"*"}
            _elsewhere(command, words[at + 2 :], reading)
        elif word in ("-fprint", "-fls"):
            return False
    return True


def _elsewhere(command: str, words: list[str], reading: Reading) -> None:
    """What a command of `find -exec` names beside `{}`: `cp {} /there`."""
    if command not in ("cp", "mv", "ln", "install"):
        return
    for word in words:
        if word in (";", "+", "\\;"):
            return
        if not word.startswith("-") and "{}" not in word and word != UNKNOWN:
            reading.put("writes", word, below=True)


def test(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`[`, `test`: what stands behind `-f`, `-d`, `-e` ... is looked at."""
    for at, word in enumerate(words[:-1]):
        if re.fullmatch("-[bcdefghkLprsSuwxNOG]|-nt|-ot|-ef", word):
            reading.put("reads", words[at + 1])
            if word in ("-nt", "-ot", "-ef") and at:
                reading.put("reads", words[at - 1])
    return True


def looked_up(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`which PROGRAM`, `ldd FILE`: the operands are looked up, or read."""
    for word in words:
        if word.startswith("-"):
            continue
        if "/" in word or UNKNOWN in word:
            reading.put("reads", word)
        else:
            reading.programs.add(word)
    return True
