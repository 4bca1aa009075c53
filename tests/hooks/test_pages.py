"""The pages on hooks and editors name what is there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import tomli
import typer
from ruamel.yaml import YAML

from optimizer.cli.app import app
from tests.catalogue import ROOT

PAGES = {name: (ROOT / "optimizer/docs" / name).read_text("utf-8") for name in ("hooks.md", "editors.md")}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.S)


def read(text: str) -> Any:
    return YAML(typ="safe").load(text)


def test_the_hooks_that_are_named_exist() -> None:
    known = {hook["id"] for hook in read((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    (named,) = [repo["hooks"] for repo in read(blocks("hooks.md", "yaml")[0])["repos"]]
    assert {hook["id"] for hook in named} <= known
    assert all(f"`{name}`" in PAGES["hooks.md"] for name in known)


def test_the_modes_and_inputs_of_the_action_are_told() -> None:
    action = read((ROOT / "action.yml").read_text("utf-8"))
    used = read(blocks("hooks.md", "yaml")[1])["jobs"]["dockopt"]["steps"][1]["with"]
    assert set(used) <= set(action["inputs"])
    modes = re.findall(r"(?m)^  (\w+)\)$", action["runs"]["steps"][1]["run"])
    assert modes == re.findall(r"(?m)^\| `(\w+)` \|", PAGES["hooks.md"])


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_that_are_named_exist(page: str) -> None:
    program = typer.main.get_group(app)
    named = re.findall(r"(?:`|    |\$\()(?:docker )?dockopt ([a-z]+)((?: --[a-z-]+)*)", PAGES[page])
    assert named
    for command, options in named:
        known = {name for parameter in program.commands[command].params for name in parameter.opts}
        assert set(options.split()) <= known, command


def test_the_settings_of_editors_can_be_read_and_start_the_server() -> None:
    (code,) = blocks("editors.md", "json")
    settings = json.loads(code)
    assert [settings["glspc.server.command"], *settings["glspc.server.commandArguments"]] == ["dockopt", "lsp"]
    (helix,) = blocks("editors.md", "toml")
    server = tomli.loads(helix)["language-server"]["dockopt"]
    assert [server["command"], *server["args"]] == ["dockopt", "lsp"]
