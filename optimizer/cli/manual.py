"""The manual page, printed from the parser and so never stale; `groff_man(7)` says what the requests mean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from typer.core import TyperArgument, TyperGroup, TyperOption

from optimizer.cli import VERSION

_ESCAPES = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
_SETTINGS = """\
dockopt.toml, .dockopt.toml, or the table tool.dockopt of pyproject.toml: the settings of a file are those of the
nearest folder that has some. `dockopt schema` prints what may stand there."""
_COMMENTS = """\
`# dockopt: ignore=ID` above an instruction leaves it alone; `dockopt explain ID` says what a transform does."""


def manual(program: TyperGroup) -> str:
    """The page for section 1, in the language of man: `dockopt man | man -l -`."""
    return "\n".join(_lines(program)) + "\n"


def _lines(program: TyperGroup) -> Iterator[str]:
    yield f'.TH DOCKOPT 1 "" "dockopt {_told(VERSION)}" "User Commands"'
    yield ".SH NAME"
    yield r"dockopt \- optimize Dockerfiles without breaking a build"
    yield ".SH SYNOPSIS"
    for name in program.commands:
        yield ".br"
        yield rf"\fBdockopt {_told(name)}\fR {_told(_arguments(program, name))}"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(program.help or "")
    yield ".SH COMMANDS"
    for name, command in program.commands.items():
        yield f'.SS "dockopt {_told(name)} {_told(_arguments(program, name))}"'
        yield from _paragraphs(command.help or "")
        for parameter in command.params:
            if isinstance(parameter, TyperArgument | TyperOption) and not parameter.hidden:
                yield from _parameter(parameter)
    yield ".SH FILES"
    yield from _paragraphs(_SETTINGS)
    yield ".SH COMMENTS"
    yield from _paragraphs(_COMMENTS)
    yield ".SH SEE ALSO"
    yield r".BR docker (1),"
    yield r".BR podman (1),"
    yield r".BR buildah (1)"


def _arguments(program: TyperGroup, name: str) -> str:
    """What stands behind the name of a command: its arguments, and whether it has options."""
    parameters = program.commands[name].params
    words = ["[OPTIONS]"] if any(isinstance(one, TyperOption) for one in parameters) else []
    return " ".join([*words, *(_placeholder(one) for one in parameters if isinstance(one, TyperArgument))])


def _placeholder(parameter: TyperArgument | TyperOption) -> str:
    return parameter.metavar or (parameter.name or "").upper()


def _parameter(parameter: TyperArgument | TyperOption) -> Iterator[str]:
    """One entry: how it is written, and what it is for."""
    yield ".TP"
    if isinstance(parameter, TyperArgument):
        yield rf"\fI{_told(_placeholder(parameter))}\fR"
    else:
        names = ", ".join(rf"\fB{_told(name)}\fR" for name in parameter.opts)
        yield names if parameter.is_flag else rf"{names} \fI{_told(_placeholder(parameter))}\fR"
    yield _text(parameter.help or "Passed to the builder.")


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield ".PP"
        yield _text(paragraph)


def _text(text: str) -> str:
    """Words on one line, what stands in backticks in bold; a line that begins with a dot would be a request."""
    parts = re.split(r"`([^`]*)`", " ".join(text.split()))
    said = "".join(rf"\fB{_told(part)}\fR" if at % 2 else _told(part) for at, part in enumerate(parts))
    return rf"\&{said}" if said.startswith((".", r"\(aq")) else said


def _told(text: str) -> str:
    """The text as characters that mean nothing else to groff."""
    return "".join(_ESCAPES.get(c, c if c.isascii() else f"\\[u{ord(c):04X}]") for c in text)
