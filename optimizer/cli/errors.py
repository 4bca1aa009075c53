"""What can be wrong with the user's input.

InputError                exit code 2
├── UsageError            the options or paths are off
├── SettingsError         a settings file is off
└── FileError             one file cannot be read or written; the others go on
"""

from __future__ import annotations

from collections.abc import Iterable


class InputError(Exception):
    """The message says where, what, and what to do."""

    exit_code = 2


class UsageError(InputError):
    """The options or paths are off."""


class SettingsError(InputError):
    """A settings file is off; nothing was changed."""


class FileError(InputError):
    """One file cannot be read or written; it is as it was."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` where one of the known words is near; else nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
