"""What the shell completes: the script that a shell reads, and the words that it then asks for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from optimizer.cli.errors import UsageError, suggestion

SHELLS = ("bash", "zsh", "fish")
_ASKED = "_DOCKOPT_COMPLETE"


def script(shell: str) -> str:
    """What the shell is to read, as in `eval "$(dockopt completion bash)"`. Raises UsageError."""
    if shell not in SHELLS:
        known = f"`{'`, `'.join(SHELLS)}`"
        raise UsageError(f"there is no completion for `{shell}`, only for {known}{suggestion(shell, SHELLS)}")
    from typer._completion_shared import get_completion_script

    return get_completion_script(prog_name="dockopt", complete_var=_ASKED, shell=shell) + "\n"


def prepare() -> None:
    """Make the parser answer a shell, where it is a shell that asks."""
    if _ASKED in os.environ:
        from typer._completion_classes import completion_init

        completion_init()


def transforms(incomplete: str) -> Iterator[tuple[str, str]]:
    """Ids that begin so, each with what the transform does."""
    from transforms import PIPELINE

    return ((one.id, one.summary) for one in PIPELINE if one.id.startswith(incomplete))


def listed(incomplete: str) -> Iterator[tuple[str, str]]:
    """Lists of ids, with commas, whose last id begins so."""
    before, comma, last = incomplete.rpartition(",")
    return ((before + comma + name, summary) for name, summary in transforms(last))


def profiles(incomplete: str) -> Iterator[str]:
    """Names of profiles that begin so."""
    from optimizer.knowledge import profiles as known

    return beginning(known(), incomplete)


def shells(incomplete: str) -> Iterator[str]:
    """Names of shells that begin so."""
    return beginning(SHELLS, incomplete)


def builders(incomplete: str) -> Iterator[str]:
    """Names of builders that begin so."""
    return beginning(("docker", "podman", "buildah"), incomplete)


def beginning(words: Iterable[str], incomplete: str) -> Iterator[str]:
    """Those of the words that begin so."""
    return (word for word in words if word.startswith(incomplete))
