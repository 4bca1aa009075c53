"""What shells complete, asked of the real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.cli.completion import SHELLS
from tests.cli.conftest import Dockopt

PLACE = Path(sys.executable).parent
BASH = """
eval "$(dockopt completion bash)"
COMP_LINE=$1; COMP_POINT=${#1}
read -r -a COMP_WORDS <<< "$1"
case $1 in *' ') COMP_WORDS+=("") ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_dockopt_completion dockopt
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
autoload -Uz compinit; compinit -u -D
eval "$(dockopt completion zsh)"
_arguments() { print -l -- "$@" }
words=(${(z)1}); [[ $1 == *' ' ]] && words+=('')
CURRENT=${#words}
_dockopt_completion
"""
FISH = "dockopt completion fish | source; complete --do-complete $argv[1]"


def completed(shell: str, line: str, folder: Path) -> str:
    """What the real shell offers behind the line; skips where there is no such shell."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"there is no {shell} here")
    words = {
        "bash": [found, "--norc", "--noprofile", "-c", BASH, "bash", line],
        "zsh": [found, "-f", "-c", ZSH, "zsh", line],
        "fish": [found, "--no-config", "-c", FISH, "--", line],
    }[shell]
    env = os.environ | {"PATH": f"{PLACE}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "offered", "other"),
    [
        ("dockopt ", "explain", "clean-in-same-layer"),
        ("dockopt fi", "fix", "explain"),
        ("dockopt fix --un", "--unsafe", "--write"),
        ("dockopt explain clean", "clean-in-same-layer", "merge-run"),
        ("dockopt fix --select merge-run,clean", "merge-run,clean-in-same-layer", "assume-yes"),
        ("dockopt fix --profile s", "small", "fast"),
        ("dockopt completion ", "fish", "fix"),
    ],
)
def test_a_shell_completes(shell: str, line: str, offered: str, other: str, tmp_path: Path) -> None:
    words = completed(shell, line, tmp_path)
    assert offered in words
    assert other not in words


def test_another_shell_is_refused(dockopt: Dockopt) -> None:
    ran = dockopt("completion", "bas")
    assert (ran.code, "did you mean `bash`" in ran.err) == (2, True)
