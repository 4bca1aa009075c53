"""The ways in which dockopt can be called: safe, unsafe, and each profile that its settings know."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from optimizer.cli.errors import SettingsError
from optimizer.cli.settings import settings_for
from optimizer.engine import Result, optimize

PROFILES = ("small", "fast")
"""`safe` is what runs by default."""

Mode = Callable[[bytes | str], Result]


def modes() -> dict[str, Mode]:
    """By name. A profile that the settings do not know (yet) is left out."""
    found: dict[str, Mode] = {"safe": optimize, "unsafe": partial(optimize, unsafe=True)}
    for name in PROFILES:
        if (mode := _profile(name)) is not None:
            found[name] = mode
    return found


def _profile(name: str) -> Mode | None:
    with TemporaryDirectory() as folder:
        Path(folder, "dockopt.toml").write_text(f'profile = "{name}"\n', "utf-8")
        try:
            settings = settings_for(Path(folder))
        except SettingsError:
            return None
    return partial(optimize, transforms=settings.chosen(), unsafe=settings.unsafe)
