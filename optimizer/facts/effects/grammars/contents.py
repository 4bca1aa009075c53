"""Commands that read and write what files hold: `sed`, `tar`, `unzip`, `curl`, `git clone` ..."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from optimizer.facts.effects.grammars.options import has, split
from optimizer.facts.effects.places import UNKNOWN

if TYPE_CHECKING:
    from optimizer.facts.effects.commands import Reading
    from optimizer.knowledge.effects import Deed


def stream(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`sed`, `grep`, `awk`: a script or pattern, then files; with `-i` the files are changed."""
    options, operands = split(deed, words)
    in_place = any(option in ("-i", "--in-place") or option.startswith("-i") for option, _ in options)
    has_script = has(options, "-e", "--expression", "--regexp") or has(options, "-f", "--file")
    for option, value in options:
        if option in ("-f", "--file") and value:
            reading.put("reads", value)
    below = has(options, "-r", "-R", "--recursive") and "grep" in deed.names
    for operand in operands if has_script else operands[1:]:
        if re.match(r"\w+=", operand) and "awk" in deed.names:
            continue
        reading.put("reads", operand, below=below)
        if in_place:
            reading.put("writes", operand)
    script = " ".join([*operands[:1], *(value for _, value in options)])
    if re.search(r"[^\x00-\x7f]|\[[^\]]*\w-\w|\[:\w|\\[wUuLl]", script):
        reading.variables |= {"LANG", "LC_*"}
    return (
        not re.search(r"(^|[;}/\s])[rRwWe]\s+\S|system\(|print.*>|getline", script)
        if "grep" not in deed.names
        else True
    )


def tar(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`tar`: extracts below the folder of `-C`, or reads what it packs; the archive is read or written."""
    if words and not words[0].startswith("-") and re.fullmatch(r"[A-Za-z]+", words[0]):
        words = [f"-{words[0]}", *words[1:]]
    letters = "".join(word[1:] for word in words if re.fullmatch(r"-[A-Za-z]+", word))
    if "P" in letters or "--absolute-names" in words:
        return False
    archive, folder, operands = _tar_words(words)
    start = reading.where
    if archive and archive != "-":
        reading.put("writes" if _makes(letters, words) else "reads", archive)
    if folder is not None:
        reading.put("reads", folder)
        reading.where = start.entering(None if folder.startswith(UNKNOWN) else reading.at(folder).path)
    if "t" in letters and "x" not in letters and "c" not in letters:
        return True
    if _makes(letters, words):
        for operand in operands:
            reading.put("reads", operand, below=True)
        return True
    if "x" not in letters and not {"--extract", "--get"} & set(words):
        return False
    reading.put("writes", ".", below=True)
    return True


def _makes(letters: str, words: list[str]) -> bool:
    return "c" in letters or "r" in letters or "--create" in words


def _tar_words(words: list[str]) -> tuple[str, str | None, list[str]]:
    """The archive, the folder of `-C`, the operands. Joined letters take their values in order."""
    archive, folder = "", None
    operands: list[str] = []
    waiting: list[str] = []
    for word in words:
        if waiting:
            option = waiting.pop(0)
            archive, folder = (word if option == "f" else archive), (word if option == "C" else folder)
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            key = {"--file": "f", "--directory": "C", "--exclude": "X", "--strip-components": "X", "--owner": "X"}.get(
                name
            )
            if key and not equals and name != "--owner":
                waiting = [key]
            elif key:
                archive, folder = (value if key == "f" else archive), (value if key == "C" else folder)
        elif word.startswith("-") and len(word) > 1:
            waiting = [letter for letter in word[1:] if letter in "fCXTbI"]
            if re.match(r"-C.", word) and "/" in word:
                waiting, folder = [], word[2:]
        else:
            operands.append(word)
    return archive, folder, operands


def unzip(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`unzip ARCHIVE -d FOLDER`."""
    options, operands = split(deed, words)
    for operand in operands[:1]:
        reading.put("reads", operand)
    if has(options, "-l", "-t", "-p", "-v"):
        return True
    target = next((value for option, value in options if option == "-d"), ".")
    reading.put("writes", target, below=True)
    return bool(operands)


def zip_archive(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`zip ARCHIVE FILES`: reads the files, changes the archive."""
    _, operands = split(deed, words)
    for at, operand in enumerate(operands):
        reading.put("reads", operand, below=True)
        if at == 0:
            reading.put("writes", operand)
            reading.put("writes", f"{operand}.zip")
    return bool(operands)


def packed(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`gzip`, `xz`, `gunzip` ...: the file becomes another one beside it; with `-c` it goes to the output."""
    options, operands = split(deed, words)
    for operand in operands:
        reading.put("reads", operand)
        if not has(options, "-c", "--stdout", "-t", "-l"):
            plain = re.sub(r"\.(gz|xz|bz2|zst|lzma|Z)$", "", operand)
            reading.put("writes", f"{plain}*" if UNKNOWN not in plain else plain)
            reading.put("deletes", operand)
    return True


def download(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`curl`, `wget`: the output, or the name out of the URL in the folder."""
    options, operands = split(deed, words)
    folder = next((value for option, value in options if option in deed.folder_options), None)
    if folder:
        reading.where = reading.where.entering(None if folder.startswith(UNKNOWN) else reading.at(folder).path)
    named = False
    for option, value in options:
        if option in deed.writing_options:
            named = True
            reading.put("writes", value)
        elif option in deed.reading_options:
            reading.put("reads", value.removeprefix("@"))
        elif option in ("-d", "--data", "--data-binary", "-F", "--form") and "@" in value:
            reading.put("reads", value.partition("@")[2])
    writes_by_name = "wget" in deed.names or has(options, "-O", "--remote-name", "--remote-name-all", "-J")
    quiet = has(options, "-V", "--version", "--spider")
    if writes_by_name and not named and not quiet:
        for url in operands or [UNKNOWN]:
            name = posixpath.basename(url.partition("?")[0].rstrip("/"))
            if not name or UNKNOWN in name or ("wget" in deed.names and "/" not in url.partition("://")[2]):
                reading.put("writes", ".", below=True)
            else:
                reading.put("writes", name)
    if has(options, "-r", "--recursive", "-m", "--mirror") and "wget" in deed.names:
        reading.put("writes", ".", below=True)
    return True


def clone(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`git clone URL [FOLDER]`."""
    _, operands = split(deed, words)
    if not operands:
        return False
    target = operands[1] if len(operands) > 1 else posixpath.basename(operands[0].rstrip("/")).removesuffix(".git")
    if "://" not in operands[0] and "@" not in operands[0] and UNKNOWN not in operands[0]:
        reading.put("reads", operands[0], below=True)
    reading.put("writes", target or UNKNOWN, below=True)
    return True
