"""The recipes of the factory fit together; what they make is used by the other tests here."""

from pathlib import Path

import pytest

from .factory import contexts, recipes
from .factory.__main__ import main
from .factory.place import FactoryError, find_place

RECIPES = recipes.read_recipes()


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES.keys())
def test_a_recipe_is_built_from_others_and_its_own_context(recipe: recipes.Recipe) -> None:
    names = {name for each in RECIPES.values() for name in each.names}
    stages = {word for line in recipe.text.splitlines() if line.startswith("FROM ") for word in line.split()[3:4]}
    assert set(recipe.bases) <= names | stages | {"scratch"}
    assert recipe.context in contexts.MAKERS


def test_no_two_recipes_have_a_name_in_common() -> None:
    names = [name for recipe in RECIPES.values() for name in recipe.names]
    assert len(names) == len(set(names))


def test_bases_come_first_and_once() -> None:
    order = [recipe.name for recipe in recipes.in_order(RECIPES, ["python", "golang", "debian"])]
    assert order == ["debian", "curl", "scm", "buildpack", "python", "golang"]


def test_a_recipe_is_found_by_the_name_of_its_image() -> None:
    assert recipes.find(RECIPES, "python:3.11-slim").name == "python-slim"


def test_a_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(FactoryError, match="there is no recipe for `windows`; known are alpine, "):
        recipes.find(RECIPES, "windows")


def test_a_cache_folder_whose_socket_would_be_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKOPT_E2E_CACHE", "/" + "x" * 100)
    with pytest.raises(FactoryError, match="set DOCKOPT_E2E_CACHE to a shorter one"):
        find_place()


def test_env_prints_what_a_shell_can_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKOPT_E2E_CACHE", str(tmp_path / "a b"))
    assert main(["env"]) == 0
    assert f"export DOCKER_HOST='unix://{tmp_path}/a b/run/docker.sock'" in capsys.readouterr().out


def test_the_same_variables_twice_are_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKOPT_E2E_CACHE", str(tmp_path))
    first = find_place().variables
    monkeypatch.setenv("PATH", first["PATH"])
    assert find_place().variables == first
