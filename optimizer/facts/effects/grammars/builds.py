"""Commands that install and build: `pip install`, `go build`, `make`, `dpkg -i` ..."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from optimizer.facts.effects.grammars.options import has, split
from optimizer.facts.effects.places import UNKNOWN, Place

if TYPE_CHECKING:
    from optimizer.facts.effects.commands import Reading
    from optimizer.knowledge.effects import Deed


def requirements(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`pip install`: files of requirements, which may name more beside them; local projects are built."""
    options, operands = split(deed, words)
    local = [operand for operand in operands if _is_local(operand)]
    for option, value in options:
        if option in deed.reading_options and "://" not in value:
            reading.put("reads", value)
            reading.needs.add(reading.at(posixpath.dirname(value) or ".", below=True))
        elif option in ("-e", "--editable"):
            local += [value] if _is_local(value) else []
        elif option in ("-t", "--target", "--prefix", "--root", "--src") and value:
            reading.put("writes", value, below=True)
        elif option in ("-f", "--find-links") and "://" not in value:
            reading.put("reads", value, below=True)
    for path in local:
        path = path.partition("[")[0] if path.startswith((".", "/")) else path
        for kind in ("reads", "writes"):
            if path.endswith((".whl", ".gz", ".zip", ".tgz")):
                reading.put("reads", path)
            else:
                reading.put(kind, path or ".", below=True)
    return True


def _is_local(text: str) -> bool:
    if "://" in text or text.startswith(("git+", "@")) or " @ " in text:
        return False
    return text.startswith((".", "/", "~", UNKNOWN)) or "/" in text or text.endswith((".whl", ".tar.gz", ".tgz"))


def remote_packages(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`go install path@version` does not look at its folder."""
    _, operands = split(deed, words)
    reading.elsewhere = bool(operands) and all("@" in operand for operand in operands)
    return outputs(deed, words, reading)


def compile(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`gcc -o OUT SOURCES`: what stands beside the sources may be included."""
    options, operands = split(deed, words)
    for operand in operands:
        reading.put("reads", posixpath.dirname(operand) or ".", below=True)
    outputs(deed, words, reading)
    if not has(options, "-o"):
        reading.put("writes", ".", below=True)
    return True


def outputs(deed: Deed, words: list[str], reading: Reading) -> bool:
    """A builder: it works in its folder, and writes where an option says."""
    options, _ = split(deed, words)
    for option, value in options:
        if option in deed.folder_options and value:
            reading.where = reading.where.entering(None if value.startswith(UNKNOWN) else reading.at(value).path)
        elif option in deed.writing_options and value:
            reading.put("writes", value, below=True)
        elif option in deed.reading_options and value and "://" not in value:
            reading.put("reads", value, below=True)
    return True


def targets(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`make`, `npm run`: a target that by its name builds; another one may do anything (`install` writes anywhere)."""
    _, operands = split(deed, words)
    named = [word for word in operands if "=" not in word]
    if not all(re.match(deed.subject_to, word) for word in named):
        return False
    return outputs(deed, words, reading)


def package_files(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`dpkg -i FILE`, `rpm -U FILE`: packages out of files bring anything; marks and settings write the database."""
    family = "rpm" if "rpm" in words or reading.name == "rpm" else "apt"
    options, operands = split(deed, words)
    if reading.name == "dpkg-query" or has(options, "-l", "-L", "-s", "-q", "-V", "--print-architecture", "--version"):
        return True
    if reading.name in ("dpkg", "rpm") and has(
        options, "-i", "-U", "-F", "--install", "--upgrade", "--unpack", "-r", "-P", "-e", "--configure"
    ):
        for operand in operands:
            if "://" not in operand:
                reading.put("reads", operand)
        removes = has(options, "-r", "-P", "-e", "--erase")
        reading.bring(family, None, removes=removes)
        return True
    if reading.name == "apt-mark" or has(options, "--add-architecture", "--remove-architecture", "--import"):
        for operand in operands if family == "rpm" else ():
            reading.put("reads", operand)
        reading.writes.add(Place("/var/lib/rpm" if family == "rpm" else "/var/lib/dpkg", below=True))
        return True
    return False


def script_only(deed: Deed, words: list[str], reading: Reading) -> bool:
    """An interpreter that is only asked for its version."""
    return bool(words) and all(word in ("--version", "-V", "-v", "version", "--help", "-h") for word in words)


def nothing_unread(deed: Deed, words: list[str], reading: Reading) -> bool:
    """Everything is told by the row."""
    return True
