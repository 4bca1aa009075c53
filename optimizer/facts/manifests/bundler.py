"""What bundler reads: the Gemfile is a program, so only its plain lines are understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_PLAIN = re.compile(
    r"(?:source|gem|group|groups|platforms?|end|ruby|git_source|plugin|install_if|else|env|#)\b|#|end$|\}|\]|[\"':]"
)
_LOCAL = re.compile(r"\b(?:path|gemspec|eval_gemfile|instance_eval|eval|require_relative|File|IO|Dir|load)\b|`|%x")
_RUBY_FILE = re.compile(r"ruby\s+file:\s*[\"']([^\"']+)[\"']")


def files(install: Install, project: Project) -> Iterator[str]:
    """The file that `ruby file:` names. Raises UnreadableError for gems of the project itself and for programs."""
    for line in map(str.strip, project.text("Gemfile").splitlines()):
        if found := _RUBY_FILE.match(line):
            yield found[1]
        elif line and (_LOCAL.search(_uncommented(line)) or not _PLAIN.match(line)):
            raise UnreadableError(f"`{line}` in the Gemfile may read the sources")
    if project.has("Gemfile.lock") and "\nPATH" in "\n" + project.text("Gemfile.lock"):
        raise UnreadableError("a gem is one of the project's own folders")


def _uncommented(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line)
