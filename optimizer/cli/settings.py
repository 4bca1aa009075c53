"""Settings: `dockopt.toml`, `.dockopt.toml` or `[tool.dockopt]` in `pyproject.toml`, the nearest directory first.

select, ignore   lists of ids; `default` in `select` stands for all that run where nobody chooses
profile          a list of ids by name, in the place of `select`
unsafe           true or false
exclude          patterns as in a .gitignore: what is passed over where a folder is searched
ID               what a transform with options is told: `merge-run = "all"`, or a table with each of its options
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.cli.errors import SettingsError, UsageError, suggestion
from optimizer.cli.names import shown

if TYPE_CHECKING:
    from optimizer.transform import Transform

SETTINGS_FILES = ("dockopt.toml", ".dockopt.toml", "pyproject.toml")
_KEYS = ("select", "ignore", "profile", "unsafe", "exclude")
DEFAULT = "default"
LOCK_FILE = "dockopt.lock"


class Settings(Struct, frozen=True):
    """What the user chose. Empty `select`: what runs by default. `options`: by the id of their transform."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unsafe: bool = False
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    folder: Path | None = None
    """Where the settings lie, so that `exclude` is told from there; None where there are none."""

    def chosen(self) -> tuple[Transform, ...]:
        """The transforms to run, in the pipeline's order, each told its options."""
        from transforms import PIPELINE

        wanted = set(self.select or (DEFAULT,))
        if DEFAULT in wanted:
            wanted |= {transform.id for transform in PIPELINE if transform.default}
        return tuple(
            transform.configured(self.options.get(transform.id, {}))
            for transform in PIPELINE
            if transform.id in wanted and transform.id not in self.ignore
        )

    def locked(self, lock: str) -> Settings:
        """These settings with the text of a lock file, which goes before that of one further up."""
        return replace(self, options={**self.options, "pin-base": {"lock": lock}}) if lock else self

    def below(self, options: Settings) -> Settings:
        """These settings of a file, with what the command line says."""
        return Settings(
            options.select or self.select,
            (*self.ignore, *options.ignore),
            self.unsafe or options.unsafe,
            self.options,
            self.exclude,
            self.folder,
        )


def of_options(select: Sequence[str], ignore: Sequence[str], profile: str | None, *, unsafe: bool) -> Settings:
    """What the command line says: each value of `select` and `ignore` one id or several. Raises UsageError."""
    if profile is None:
        return Settings(_ids("--select", select, [DEFAULT]), _ids("--ignore", ignore), unsafe)
    if select:
        raise UsageError("--profile and --select exclude each other")
    if (mistake := _unknown_profile(profile)) is not None:
        raise UsageError(f"--profile: {mistake}")
    return Settings(_profiles()[profile], _ids("--ignore", ignore), unsafe)


def _ids(option: str, values: Iterable[str], groups: Sequence[str] = ()) -> tuple[str, ...]:
    found = tuple(part.strip() for value in values for part in value.split(",") if part.strip())
    for name in found:
        if name not in (*groups, *_known()):
            raise UsageError(f"{option}: unknown transform `{name}`{suggestion(name, _known())}")
    return found


def _known() -> list[str]:
    from transforms import PIPELINE

    return [transform.id for transform in PIPELINE]


def _profiles() -> Mapping[str, tuple[str, ...]]:
    from optimizer.knowledge import profiles

    return profiles()


def _unknown_profile(name: str) -> str | None:
    """What is wrong with the name; None where there is such a profile."""
    known = list(_profiles())
    if name in known:
        return None
    near = suggestion(name, known) or f"; there are `{'`, `'.join(known)}`"
    return f"unknown profile `{name}`{near}"


@lru_cache(maxsize=4096)
def settings_for(folder: Path) -> Settings:
    """The settings of the nearest folder that has some. Raises SettingsError."""
    lock = _lock(folder / LOCK_FILE)
    for name in SETTINGS_FILES:
        path = folder / name
        if path.is_file() and (data := _table(path)) is not None:
            return replace(_read(shown(path), data), folder=folder).locked(lock)
    above = settings_for(folder.parent) if folder.parent != folder else Settings()
    return above.locked(lock)


def _lock(path: Path) -> str:
    """The text of the lock file; empty where there is none. Raises SettingsError."""
    from optimizer.lock import LockError, read

    if not path.is_file():
        return ""
    try:
        text = path.read_text("utf-8")
        read(text)
    except (LockError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{shown(path)}: {error}") from error
    return text


def _table(path: Path) -> dict[str, Any] | None:
    """The settings in the file; None for a `pyproject.toml` that has none."""
    import tomli

    shared = path.name == "pyproject.toml"
    try:
        text = path.read_text("utf-8")
        if shared and "dockopt" not in text:
            return None
        data = tomli.loads(text)
    except (tomli.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{shown(path)}: cannot be read: {error}") from error
    if not shared:
        return data
    tool = data.get("tool")
    found = tool.get("dockopt") if isinstance(tool, dict) else None
    if found is None or isinstance(found, dict):
        return found
    raise SettingsError(f"{shown(path)}: `tool.dockopt` is a table, not `{found}`")


def _read(where: str, data: Mapping[str, Any]) -> Settings:
    """The settings that a file with these keys holds; `where` names it in messages."""
    from transforms import PIPELINE

    told = {transform.id: transform for transform in PIPELINE if transform.options}
    if unknown := next((key for key in data if key not in _KEYS and key not in told), None):
        if unknown in _known():
            raise SettingsError(f"{where}: `{unknown}` has no options")
        raise SettingsError(f"{where}: unknown key `{unknown}`{suggestion(unknown, [*_KEYS, *told])}")
    unsafe = data.get("unsafe", False)
    if not isinstance(unsafe, bool):
        raise SettingsError(f"{where}: `unsafe` is true or false, not `{unsafe}`")
    select = _list(where, "select", data, [DEFAULT])
    if "profile" in data:
        profile = data["profile"]
        if "select" in data:
            raise SettingsError(f"{where}: `profile` and `select` exclude each other")
        if (mistake := _unknown_profile(str(profile))) is not None:
            raise SettingsError(f"{where}: {mistake}")
        select = _profiles()[profile]
    options = {key: _options(where, told[key], value) for key, value in data.items() if key in told}
    return Settings(select, _list(where, "ignore", data), unsafe, options, _patterns(where, data))


def _patterns(where: str, data: Mapping[str, Any]) -> tuple[str, ...]:
    """The patterns under `exclude`. Raises SettingsError."""
    value = data.get("exclude", [])
    if not isinstance(value, list) or not all(isinstance(pattern, str) for pattern in value):
        raise SettingsError(f"{where}: `exclude` is a list of patterns, not `{value}`")
    return tuple(value)


def _list(where: str, key: str, data: Mapping[str, Any], groups: Sequence[str] = ()) -> tuple[str, ...]:
    """The ids under a key. Raises SettingsError."""
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise SettingsError(f"{where}: `{key}` is a list of transforms, not `{value}`")
    if unknown := next((name for name in value if name not in (*groups, *_known())), None):
        raise SettingsError(f"{where}: unknown transform `{unknown}`{suggestion(unknown, _known())}")
    return tuple(value)


def _options(where: str, transform: Transform, value: Any) -> Mapping[str, str]:
    """The options of a transform: a word for its first one, or a table. Raises SettingsError."""
    given = value if isinstance(value, dict) else {next(iter(transform.options)): value}
    found = {}
    for key, word in given.items():
        name = key.replace("-", "_")
        told = f"{transform.id}.{key}" if isinstance(value, dict) else transform.id
        if name not in transform.options:
            known = [option.replace("_", "-") for option in transform.options]
            raise SettingsError(f"{where}: unknown key `{told}`{suggestion(key, known)}")
        words = transform.options[name]
        if isinstance(word, list) and not words and all(isinstance(one, str) for one in word):
            word = " ".join(word)
        if not isinstance(word, str):
            raise SettingsError(f"{where}: `{told}` is a text, not `{word}`")
        if words and word not in words:
            allowed = f"`{'`, `'.join(words)}`"
            raise SettingsError(f"{where}: `{told}` is one of {allowed}, not `{word}`{suggestion(word, words)}")
        found[name] = word
    return found
