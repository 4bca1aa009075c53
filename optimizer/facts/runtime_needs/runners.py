"""What `uv run` and its like start, and whether they install packages before: the rows of `[runners]`."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from optimizer.facts import BuildStage, Facts
from optimizer.facts.tables import toml_table
from optimizer.facts.tools import ToolCall, tool_calls

_PROJECT = {"--no-install-project", "--no-install-workspace", "--no-install-local"}
_DEVELOPMENT = {"--no-dev", "--no-default-groups"}
_PARTS = {"--only-dev", "--only-group", "--no-group", "--package", "--no-install-package", "--script", "--dry-run"}
_ADDS = {"--with", "--with-editable", "--with-requirements", "--extra", "--all-extras", "--group", "--all-groups", "-w"}
_ADDS |= {"--isolated", "--python", "-p", "--package", "--project", "--directory", "--active", "--script", "-s"}


def script_of(facts: Facts, files: Mapping[str, str], folder: str, name: str) -> str | None:
    """The text of a script that `pipenv run` finds in the `Pipfile`; None where there is none of that name."""
    scripts = _table(facts, files, folder, "Pipfile").get("scripts")
    text = scripts.get(name) if isinstance(scripts, dict) else None
    return text if isinstance(text, str) else None


def installs_first(
    facts: Facts, stage: BuildStage, files: Mapping[str, str], folder: str, words: Sequence[str]
) -> str | None:
    """Why `uv run WORDS` may install packages when it starts; None where a `uv sync` did already."""
    scope = facts.behind(stage)
    variables = scope.variables if scope is not None else {}
    if "--no-sync" in words or variables.get("UV_NO_SYNC") in ("1", "true"):
        return None
    if added := sorted(one for one in words if one.partition("=")[0] in _ADDS):
        return f"`{added[0]}` asks for more"
    synced = _last_sync(facts, stage)
    if synced is None:
        return "no `uv sync` is seen"
    options = {one.partition("=")[0] for one in synced.options}
    table = _table(facts, files, folder, "pyproject.toml")
    if not table or options & _PARTS:
        return "what `uv sync` left away is not known"
    if options & _PROJECT and _settings(table).get("package", "build-system" in table):
        return "`uv sync` left the project itself away"
    lean = options & _DEVELOPMENT or any(facts.sources[one].find("UV_NO_DEV") >= 0 for one in stage.instructions)
    same = _DEVELOPMENT & set(words) or variables.get("UV_NO_DEV") in ("1", "true")
    if lean and not same and _has_development(table):
        return "`uv sync` left development packages away"
    return None


def _last_sync(facts: Facts, stage: BuildStage) -> ToolCall | None:
    runs = [one for one in stage.instructions if one.name == "RUN"]
    calls = [call for run in runs for call in tool_calls(facts, run)]
    return next((call for call in reversed(calls) if call.tool.name == "uv" and call.verb == "sync"), None)


def _settings(table: Mapping[str, object]) -> Mapping[str, object]:
    """The table `tool.uv`."""
    tool = table.get("tool")
    held = tool.get("uv") if isinstance(tool, dict) else None
    return held if isinstance(held, dict) else {}


def _has_development(table: Mapping[str, object]) -> bool:
    groups, settings = table.get("dependency-groups"), _settings(table)
    named = isinstance(groups, dict) and bool(groups.get("dev"))
    return named or bool(settings.get("dev-dependencies")) or "default-groups" in settings


def _table(facts: Facts, files: Mapping[str, str], folder: str, name: str) -> Mapping[str, object]:
    """A manifest in a folder of the image; empty where there is none."""
    path = files.get(posixpath.join(folder, name))
    content = facts.context.content(path) if facts.context is not None and path is not None else None
    return (toml_table(content.decode("utf-8", "replace")) if content is not None else None) or {}
