"""Commands whose words the keys of a row cannot tell: `tar`, `find`, `cp`, `useradd` ... one function for each kind.

Each takes the row, the words behind the command (and its verb), and what is gathered; it says whether it read them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from optimizer.facts.effects.places import UNKNOWN, Place, canonical
from optimizer.knowledge.effects import Deed, effects_table

if TYPE_CHECKING:
    from optimizer.facts.effects.commands import Reading

Grammar = Callable[[Deed, list[str], "Reading"], bool]


def split(deed: Deed, words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Options with their values (empty where they take none), and the operands."""
    valued = {*deed.value_options, *deed.reading_options, *deed.writing_options, *deed.folder_options}
    valued |= set(deed.user_options)
    options: list[tuple[str, str]] = []
    operands: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            return options, operands + words[at:]
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        if not word.startswith("--") and word not in valued:
            at += _letters(word, words[at] if at < len(words) else "", valued, options)
            continue
        name, equals, value = word.partition("=")
        if equals:
            options.append((name, value))
        elif word in valued:
            options.append((word, words[at] if at < len(words) else ""))
            at += 1
        else:
            options.append((word, ""))
    return options, operands


def _letters(word: str, following: str, valued: set[str], options: list[tuple[str, str]]) -> int:
    """Joined letters such as `-sSLo`; one with a value takes the rest, or the next word: how many words are taken."""
    options.append((word, ""))
    for at, letter in enumerate(word[1:], start=1):
        option = f"-{letter}"
        if option in valued:
            rest = word[at + 1 :]
            options.append((option, rest or following))
            return 0 if rest else 1
        options.append((option, ""))
    return 0


def _has(options: list[tuple[str, str]], *names: str) -> bool:
    return any(option in names for option, _ in options)


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


def copy(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`cp`, `mv`, `install`: sources and where they go; `mv` deletes the sources."""
    options, operands = split(deed, words)
    moves = "mv" in deed.names
    _owner_options(deed, options, reading)
    if _has(options, "-d", "--directory") and "install" in deed.names:
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


def _owner_options(deed: Deed, options: list[tuple[str, str]], reading: Reading) -> None:
    for option, value in options:
        if option in deed.user_options:
            reading.users.update(_user_names(value))


def folders(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`mkdir`: with `-p` the folders above are made too."""
    options, operands = split(deed, words)
    for operand in operands:
        reading.put("writes", operand)
        made = reading.at(operand)
        while _has(options, "-p", "--parents") and not made.below:
            parent = posixpath.dirname(made.path)
            if parent in effects_table().standing:
                break
            made = Place(parent)
            reading.writes.add(made)
    return bool(operands)


def link(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`ln`: a link at the last operand, or in the folder that it is; a symbolic link needs no target."""
    options, operands = split(deed, words)
    symbolic = _has(options, "-s", "--symbolic")
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
    below = _has(options, "-R", "--recursive")
    reference = next((value for option, value in options if option == "--reference"), None)
    if reference:
        reading.put("reads", reference)
    elif operands:
        reading.users.update(_user_names(operands[0]))
        operands = operands[1:]
    for operand in operands:
        reading.put("reads", operand, below=below)
        reading.put("writes", operand, below=below)
    return bool(operands)


def mode(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`chmod MODE FILE...`; a mode such as `-x` looks like an option."""
    words = ["MODE" if re.fullmatch(r"-[rwxXst]+", word) and word != "-R" else word for word in words]
    options, operands = split(deed, words)
    below = _has(options, "-R", "--recursive")
    if not _has(options, "--reference"):
        operands = operands[1:]
    for operand in operands:
        reading.put("reads", operand, below=below)
        reading.put("writes", operand, below=below)
    return True


def _user_names(text: str) -> set[str]:
    """The user and group of `app:app`; numbers are looked up nowhere."""
    if UNKNOWN in text:
        return {"*"}
    return {name for name in re.split("[:.]", text) if name and not name.isdigit()} - {"root", "0"}


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
        if home is None and not _has(options, "-M", "--no-create-home", "-H"):
            for name in names:
                reading.put("writes", f"/home/{UNKNOWN if name == '*' else name}", below=True)
    return True


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
                reading.users |= {name for word in words[at + 2 :] if ":" in word for name in _user_names(word)} or {
                    "*"
                }
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


def stream(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`sed`, `grep`, `awk`: a script or pattern, then files; with `-i` the files are changed."""
    options, operands = split(deed, words)
    in_place = any(option in ("-i", "--in-place") or option.startswith("-i") for option, _ in options)
    has_script = _has(options, "-e", "--expression", "--regexp") or _has(options, "-f", "--file")
    for option, value in options:
        if option in ("-f", "--file") and value:
            reading.put("reads", value)
    below = _has(options, "-r", "-R", "--recursive") and "grep" in deed.names
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


def test(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`[`, `test`: what stands behind `-f`, `-d`, `-e` ... is looked at."""
    for at, word in enumerate(words[:-1]):
        if re.fullmatch("-[bcdefghkLprsSuwxNOG]|-nt|-ot|-ef", word):
            reading.put("reads", words[at + 1])
            if word in ("-nt", "-ot", "-ef") and at:
                reading.put("reads", words[at - 1])
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
    writes_by_name = "wget" in deed.names or _has(options, "-O", "--remote-name", "--remote-name-all", "-J")
    quiet = _has(options, "-V", "--version", "--spider")
    if writes_by_name and not named and not quiet:
        for url in operands or [UNKNOWN]:
            name = posixpath.basename(url.partition("?")[0].rstrip("/"))
            if not name or UNKNOWN in name or ("wget" in deed.names and "/" not in url.partition("://")[2]):
                reading.put("writes", ".", below=True)
            else:
                reading.put("writes", name)
    if _has(options, "-r", "--recursive", "-m", "--mirror") and "wget" in deed.names:
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


def unzip(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`unzip ARCHIVE -d FOLDER`."""
    options, operands = split(deed, words)
    for operand in operands[:1]:
        reading.put("reads", operand)
    if _has(options, "-l", "-t", "-p", "-v"):
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


def packed(deed: Deed, words: list[str], reading: Reading) -> bool:
    """`gzip`, `xz`, `gunzip` ...: the file becomes another one beside it; with `-c` it goes to the output."""
    options, operands = split(deed, words)
    for operand in operands:
        reading.put("reads", operand)
        if not _has(options, "-c", "--stdout", "-t", "-l"):
            plain = re.sub(r"\.(gz|xz|bz2|zst|lzma|Z)$", "", operand)
            reading.put("writes", f"{plain}*" if UNKNOWN not in plain else plain)
            reading.put("deletes", operand)
    return True


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
    if not _has(options, "-o"):
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
    if reading.name == "dpkg-query" or _has(options, "-l", "-L", "-s", "-q", "-V", "--print-architecture", "--version"):
        return True
    if reading.name in ("dpkg", "rpm") and _has(
        options, "-i", "-U", "-F", "--install", "--upgrade", "--unpack", "-r", "-P", "-e", "--configure"
    ):
        for operand in operands:
            if "://" not in operand:
                reading.put("reads", operand)
        removes = _has(options, "-r", "-P", "-e", "--erase")
        reading.bring(family, None, removes=removes)
        return True
    if reading.name == "apt-mark" or _has(options, "--add-architecture", "--remove-architecture", "--import"):
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


GRAMMARS: Final[dict[str, Grammar]] = {
    "copy": copy,
    "link": link,
    "owner": owner,
    "mode": mode,
    "account": account,
    "tar": tar,
    "find": find,
    "stream": stream,
    "test": test,
    "download": download,
    "clone": clone,
    "unzip": unzip,
    "packed": packed,
    "zip": zip_archive,
    "looked-up": looked_up,
    "requirements": requirements,
    "outputs": outputs,
    "targets": targets,
    "remote-packages": remote_packages,
    "compile": compile,
    "folders": folders,
    "version": script_only,
    "package-files": package_files,
    "row": nothing_unread,
}
