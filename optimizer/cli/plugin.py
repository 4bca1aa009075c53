"""`docker dockopt`: what Docker calls as a plugin. Docker asks each plugin who it is at every `docker --help`.

So nothing is imported before that question is answered. The protocol is that of docker/cli, `cli-plugins/metadata`.
"""

from __future__ import annotations

import sys

from optimizer.cli import VERSION, main

_QUESTION = "docker-cli-plugin-metadata"
_ANSWER = (
    '{"SchemaVersion":"0.1.0","Vendor":"dockopt",'
    f'"Version":"{VERSION}","ShortDescription":"Optimize Dockerfiles without breaking a build"}}\n'
)
_NAME = "dockopt"

_VALUES = {
    "--config": "DOCKER_CONFIG",
    "--context": "DOCKER_CONTEXT",
    "-c": "DOCKER_CONTEXT",
    "--host": "DOCKER_HOST",
    "-H": "DOCKER_HOST",
    "--log-level": None,
    "-l": None,
    "--tlscacert": None,
    "--tlscert": None,
    "--tlskey": None,
}
"""Docker's own options that take a value, with the variable that says the same to the `docker` which a proof starts."""


def plugin(arguments: list[str] | None = None) -> None:
    """The entry point of `docker-dockopt`; the arguments are by default those of the process."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == [_QUESTION]:
        sys.stdout.write(_ANSWER)
        return
    own, said = split(words)
    if said:
        import os

        os.environ.update(said)
    main(own, "docker dockopt")


def split(words: list[str]) -> tuple[list[str], dict[str, str]]:
    """The words behind Docker's own options and `dockopt`, and what those options say as variables.

    All words where `dockopt` is not among them: then it was not Docker that called.
    """
    said: dict[str, str] = {}
    at = 0
    while at < len(words) and words[at].startswith("-"):
        option, equals, value = words[at].partition("=")
        if option not in _VALUES and option[:2] in _VALUES and option[1] != "-":
            option, equals, value = option[:2], "=", words[at][2:].removeprefix("=")
        at += 1
        if option in _VALUES:
            if not equals:
                value = words[at] if at < len(words) else ""
                at += 1
            if (variable := _VALUES[option]) is not None:
                said[variable] = value
        elif option == "--tlsverify" and value != "false":
            said["DOCKER_TLS_VERIFY"] = "1"
    if words[at : at + 2] == ["help", _NAME]:
        return [*words[at + 2 :], "--help"], said
    if words[at : at + 1] != [_NAME]:
        return words, {}
    return words[at + 1 :], said
