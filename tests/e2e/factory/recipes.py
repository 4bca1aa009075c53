"""Recipes: one Dockerfile each, with its official names and its build context in the comments at its head."""

import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from . import apt, contexts
from .place import FactoryError, Place

FOLDER = Path(__file__).parent / "recipes"
HEAD = re.compile(r"^# (names|context): (.+)$", re.M)
BASE = re.compile(r"^FROM (\S+)", re.M)


class Recipe(Struct, frozen=True):
    """How one image is built. The first name is the one that other recipes use."""

    name: str
    text: str
    names: tuple[str, ...]
    context: str

    @property
    def bases(self) -> tuple[str, ...]:
        return tuple(BASE.findall(self.text))


def read_recipes(folder: Path = FOLDER) -> dict[str, Recipe]:
    """All recipes by file name."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.Dockerfile"))}


def _read(path: Path) -> Recipe:
    text = path.read_text()
    head = dict(HEAD.findall(text))
    if "names" not in head:
        raise FactoryError(f"{path.name}: the line `# names: ...` is missing at its head")
    return Recipe(path.stem, text, tuple(head["names"].split()), head.get("context", "empty"))


def find(recipes: Mapping[str, Recipe], wanted: str) -> Recipe:
    """The recipe with that file name, or with that image name."""
    found = recipes.get(wanted) or next((recipe for recipe in recipes.values() if wanted in recipe.names), None)
    if found is None:
        raise FactoryError(f"there is no recipe for `{wanted}`; known are {', '.join(recipes)}")
    return found


def in_order(recipes: Mapping[str, Recipe], wanted: Iterable[str]) -> Iterator[Recipe]:
    """The wanted recipes with those that they are built from, bases first."""
    by_image = {name: recipe for recipe in recipes.values() for name in recipe.names}
    seen: set[str] = set()

    def visit(recipe: Recipe) -> Iterator[Recipe]:
        if recipe.name in seen:
            return
        seen.add(recipe.name)
        for base in recipe.bases:
            if base in by_image:
                yield from visit(by_image[base])
        yield recipe

    for name in wanted:
        yield from visit(find(recipes, name))


class Made(Struct, frozen=True):
    """An image that is there now. `seconds` is None where it was there before."""

    recipe: Recipe
    image: str
    size: int
    seconds: float | None


def make(place: Place, wanted: Iterable[str]) -> Iterator[Made]:
    """Build what is missing or out of date, one after another."""
    recipes = read_recipes()
    ledger = place.root / "images.json"
    rows: dict[str, dict[str, str]] = json.loads(ledger.read_text()) if ledger.exists() else {}
    keys: dict[str, str] = {}
    for recipe in in_order(recipes, wanted):
        key = _key(recipe, keys)
        keys |= dict.fromkeys(recipe.names, key)
        row = rows.get(recipe.name, {})
        begin = time.monotonic()
        seconds = None
        if row.get("key") != key or any(_identity(place, name)[0] != row["image"] for name in recipe.names):
            _build(place, recipe)
            seconds = time.monotonic() - begin
        image, size = _identity(place, recipe.names[0])
        rows[recipe.name] = {"key": key, "image": image}
        ledger.write_text(json.dumps(rows, indent=1))
        yield Made(recipe, image, size, seconds)


def _key(recipe: Recipe, keys: Mapping[str, str]) -> str:
    parts = [recipe.text, contexts.key_of(recipe.context), *(keys.get(base, "") for base in recipe.bases)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _identity(place: Place, name: str) -> tuple[str, int]:
    """Identifier and bytes of an image; empty where there is none."""
    command = ["docker", "image", "inspect", "--format", "{{.Id}} {{.Size}}", name]
    try:
        image, size = apt.run(command, environment=place.environment).split()
    except FactoryError:
        return "", 0
    return image, int(size)


def _build(place: Place, recipe: Recipe) -> None:
    context = contexts.make(place, recipe.context)
    tags = [word for name in recipe.names for word in ("-t", name)]
    file = FOLDER / f"{recipe.name}.Dockerfile"
    apt.run(["docker", "build", "--network=host", "--quiet", *tags, "-f", file, context], environment=place.environment)
