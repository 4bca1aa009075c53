"""Settings: `dockopt.toml`, `.dockopt.toml` or `[tool.dockopt]` in `pyproject.toml`, the nearest directory first."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from optimizer.cli.errors import SettingsError, UsageError, suggestion
from optimizer.transform import Transform

_FILES = ("dockopt.toml", ".dockopt.toml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose. Empty `select` means all transforms."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unsafe: bool = False

    def chosen(self) -> tuple[Transform, ...]:
        """The transforms to run, in the pipeline's order."""
        from transforms import PIPELINE

        wanted = set(self.select) or {transform.id for transform in PIPELINE}
        return tuple(t for t in PIPELINE if t.id in wanted and t.id not in self.ignore)


def with_options(settings: Settings, select: Sequence[str], ignore: Sequence[str], unsafe: bool) -> Settings:
    """The settings with what the command line says; each option may hold several ids with commas between."""
    chosen, ignored = _ids("--select", select), _ids("--ignore", ignore)
    return replace(
        settings,
        select=chosen or settings.select,
        ignore=(*settings.ignore, *ignored),
        unsafe=settings.unsafe or unsafe,
    )


def _ids(option: str, values: Iterable[str]) -> tuple[str, ...]:
    ids = tuple(part.strip() for value in values for part in value.split(",") if part.strip())
    for name in ids:
        if name not in _known():
            raise UsageError(f"{option}: unknown transform `{name}`{suggestion(name, _known())}")
    return ids


def _known() -> list[str]:
    from transforms import PIPELINE

    return [transform.id for transform in PIPELINE]


@lru_cache(maxsize=4096)
def settings_for(folder: Path) -> Settings:
    """The settings of the nearest folder that has some. Raises SettingsError."""
    for name in _FILES:
        path = folder / name
        if path.is_file() and (data := _table(path)) is not None:
            return _read(path, data)
    return settings_for(folder.parent) if folder.parent != folder else Settings()


def _table(path: Path) -> dict[str, Any] | None:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        if path.name == "pyproject.toml":
            return None
        raise SettingsError(f"{path}: {error}") from error
    if path.name == "pyproject.toml":
        found = data.get("tool", {}).get("dockopt")
        return found if isinstance(found, dict) else None
    return data


def _read(path: Path, data: dict[str, Any]) -> Settings:
    known = ("select", "ignore", "unsafe")
    for key, value in data.items():
        if key not in known:
            raise SettingsError(f"{path}: unknown key `{key}`{suggestion(key, known)}")
        if key == "unsafe":
            if not isinstance(value, bool):
                raise SettingsError(f"{path}: `unsafe` is true or false, not `{value}`")
        elif not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise SettingsError(f"{path}: `{key}` is a list of transforms, not `{value}`")
        else:
            for name in value:
                if name not in _known():
                    raise SettingsError(f"{path}: unknown transform `{name}`{suggestion(name, _known())}")
    return Settings(tuple(data.get("select", ())), tuple(data.get("ignore", ())), data.get("unsafe", False))
