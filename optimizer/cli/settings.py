"""Settings: `dockopt.toml`, `.dockopt.toml` or `[tool.dockopt]` in `pyproject.toml`, the nearest directory first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.cli.errors import SettingsError, UsageError, suggestion
from optimizer.cli.names import shown

if TYPE_CHECKING:
    from optimizer.transform import Transform

_FILES = ("dockopt.toml", ".dockopt.toml", "pyproject.toml")
_KEYS = ("select", "ignore", "unsafe")


@dataclass(frozen=True)
class Settings:
    """What the user chose. Empty `select` means all transforms."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unsafe: bool = False

    def chosen(self) -> tuple[Transform, ...]:
        """The transforms to run, in the pipeline's order."""
        from transforms import PIPELINE

        return tuple(t for t in PIPELINE if t.id in (self.select or _known()) and t.id not in self.ignore)

    def below(self, options: Settings) -> Settings:
        """These settings of a file, with what the command line says."""
        return Settings(options.select or self.select, (*self.ignore, *options.ignore), self.unsafe or options.unsafe)


def ids(option: str, values: Iterable[str]) -> tuple[str, ...]:
    """The ids that an option holds, each value one or several with commas between. Raises UsageError."""
    found = tuple(part.strip() for value in values for part in value.split(",") if part.strip())
    for name in found:
        if name not in _known():
            raise UsageError(f"{option}: unknown transform `{name}`{suggestion(name, _known())}")
    return found


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
    """The settings in the file; None for a `pyproject.toml` that has none."""
    import tomllib

    shared = path.name == "pyproject.toml"
    try:
        text = path.read_text("utf-8")
        if shared and "dockopt" not in text:
            return None
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{shown(path)}: cannot be read: {error}") from error
    if not shared:
        return data
    tool = data.get("tool")
    found = tool.get("dockopt") if isinstance(tool, dict) else None
    if found is None or isinstance(found, dict):
        return found
    raise SettingsError(f"{shown(path)}: `tool.dockopt` is a table, not `{found}`")


def _read(path: Path, data: dict[str, Any]) -> Settings:
    where = shown(path)
    for key, value in data.items():
        if key not in _KEYS:
            raise SettingsError(f"{where}: unknown key `{key}`{suggestion(key, _KEYS)}")
        if key == "unsafe":
            if not isinstance(value, bool):
                raise SettingsError(f"{where}: `unsafe` is true or false, not `{value}`")
        elif not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise SettingsError(f"{where}: `{key}` is a list of transforms, not `{value}`")
        elif unknown := [name for name in value if name not in _known()]:
            raise SettingsError(f"{where}: unknown transform `{unknown[0]}`{suggestion(unknown[0], _known())}")
    return Settings(tuple(data.get("select", ())), tuple(data.get("ignore", ())), data.get("unsafe", False))
