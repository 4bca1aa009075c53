"""What can be wrong with the user's input.

InputError                exit code 2
├── UsageError            the options are off
├── SettingsError         a settings file is off
└── FileError             one file cannot be read or written
    └── BugError          dockopt itself fails on one file
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class InputError(Exception):
    """The message says where, what, and what to do."""

    exit_code = 2


class UsageError(InputError):
    """The options are off; nothing was done."""


class SettingsError(InputError):
    """A settings file is off; the files for which it holds are as they were, the others go on."""


class FileError(InputError):
    """One file cannot be read or written; it is as it was, the others go on."""


class BugError(FileError):
    """dockopt itself fails on one file; it is as it was, the others go on."""


def unknown_format(name: str, known: Sequence[str]) -> UsageError:
    """What is wrong with a `--format` that there is not."""
    near = suggestion(name, known) or f"; there are {', '.join(known)}"
    return UsageError(f"--format: unknown format `{name}`{near}")


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` where one of the known words is near; else nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
