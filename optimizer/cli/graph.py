"""`dockopt graph`: the stages of a build and what goes from one to another, as Mermaid, DOT or SVG."""

from __future__ import annotations

from pathlib import Path

from optimizer.cache import Build, plan
from optimizer.cli import files
from optimizer.cli.discovery import find
from optimizer.cli.errors import FileError, UsageError, suggestion
from optimizer.cli.names import shown
from optimizer.cli.output import Output
from optimizer.facts import Facts
from optimizer.graph import FORMATS, graph
from optimizer.syntax.parser import parse


def draw(path: str, form: str, target: str | None) -> None:
    """Prints the graph of one Dockerfile. Raises UsageError or FileError."""
    if form not in FORMATS:
        raise UsageError(f"--format is mermaid, dot or svg, not `{form}`{suggestion(form, FORMATS)}")
    found = [one.path for one in find([Path(path)])]
    if not found:
        raise UsageError(f"there is no Dockerfile below `{path}`")
    if len(found) > 1:
        raise UsageError(f"there are {len(found)} Dockerfiles below `{path}`; name one, such as `{shown(found[0])}`")
    facts = Facts(parse(files.read(found[0])))
    if facts.problems:
        problem = facts.problems[0]
        raise FileError(f"{shown(found[0])}:{problem.line}: {problem.message}; it cannot be built")
    try:
        planned = plan(Build(facts, target=target))
    except ValueError as error:
        names = [stage.name for stage in facts.stages if stage.name]
        raise UsageError(f"--target: {error}{suggestion(target or '', names)}") from error
    output = Output()
    output.raw(FORMATS[form](graph(planned)).encode("utf-8", "replace"))
    output.flush()
