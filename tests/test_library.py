"""The public API: its page is true, its names stay, and no text or context makes it raise."""

from __future__ import annotations

import doctest
import pkgutil
import re
import subprocess
import sys
from dataclasses import Field
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

import optimizer
from optimizer import Given, Result, optimize
from optimizer.facts.context import IgnoreFile, Missing
from tests.catalogue import ROOT
from transforms import PIPELINE

PAGE = ROOT / "optimizer/docs/library.md"


def failures(text: str, name: str) -> list[str]:
    """What the examples of a text say otherwise than they do."""
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    assert test.examples
    doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(test, out=said.append)
    return said


def test_the_page_is_true() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert len(blocks) > 8
    assert failures("".join(blocks), "library.md") == []


def test_a_page_that_is_not_true_would_be_seen() -> None:
    assert failures(">>> from optimizer import optimize\n>>> optimize('FROM a').changed\nTrue\n", "lie")


def test_the_docstring_of_the_package_is_true() -> None:
    assert failures(optimizer.__doc__ or "", "optimizer") == []


def test_every_public_name_is_there_told_and_typed() -> None:
    page = PAGE.read_text("utf-8")
    for name in optimizer.__all__:
        assert getattr(optimizer, name).__name__ == name
    assert {"optimize", "Given", "Result", "unified", "parse", "render", "analyze"} <= set(re.findall(r"\w+", page))
    assert (ROOT / "optimizer/py.typed").exists()
    with pytest.raises(AttributeError, match="no attribute 'optimise'"):
        optimizer.optimise  # noqa: B018


def test_names_stay() -> None:
    assert sorted(optimizer.__all__) == [
        "Change", "Facts", "Given", "Place", "Refusal", "Result", "StoodBack", "analyze", "optimize", "parse",
        "render", "unified",
    ]  # fmt: skip
    fields = "before after changes pending refusals stood_back problems steps ignores".split()
    assert list(Result.__struct_fields__) == fields


def test_the_library_imports_no_terminal() -> None:
    used = {module.name for module in pkgutil.iter_modules([str(ROOT / "optimizer")])}
    assert "cli" in used
    code = "import sys; from optimizer import optimize; optimize('FROM a\\nRUN b\\n'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert not {name for name in loaded if name.startswith(("optimizer.cli", "optimizer.lsp", "typer", "rich"))}


PIECES = st.sampled_from([
    *"FROM RUN COPY ADD ENV ARG ONBUILD SHELL HEALTHCHECK CMD # escape=` \\ ` ' \" $ ${ }".split(),
    *"<<EOF EOF && || ; | ( ) [ ] * ? ../.. // / . - -- --from=0 --mount=type=".split(),
    *" \n \t \r\n \x00 \ufeff \u2028 \x0c \ud800 \udcff \U0001f40b".split(" "),
    "apt-get install", "apt-get update", "npm ci", "pip install -r requirements.txt", "FROM a\n", "FROM a AS b\n",
    "COPY . .\n", "RUN ", " AS ", "scratch", "debian:12", "node:22",
])  # fmt: skip
TEXTS = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=80),
    st.binary(max_size=80),
    st.lists(PIECES, max_size=25).map("".join),
    st.lists(PIECES, max_size=25).map(lambda parts: "FROM node:22\n" + " ".join(parts)),
)
NAMES = st.one_of(
    st.sampled_from([
        "package.json", "package-lock.json", "requirements.txt", "go.mod", "pom.xml", "Cargo.toml", "pyproject.toml",
        *("", ".", "..", "/", "/etc/passwd", "../../x", "a//b", "a/./b", "a/../b", "a\nb", "a\x00b"),
        *("*", "[", "a b", "'", '"'),
        "$x", "${", "\\", "\udcff", "\U0001f40b", "a/" * 200 + "b", ".dockerignore", "Dockerfile", ".git/HEAD",
    ]),
    st.text(max_size=10),
)  # fmt: skip
CONTENTS = st.one_of(st.binary(max_size=30), st.sampled_from([b"{", b"{}", b"[", b"\xff", b'{"dependencies": 1}']))
CONTEXTS = st.one_of(
    st.none(),
    st.just(Missing("nobody said")),
    st.builds(
        Given,
        st.dictionaries(NAMES, CONTENTS, max_size=5),
        st.dictionaries(NAMES, NAMES, max_size=2),
        st.one_of(st.none(), st.dictionaries(NAMES, st.integers(0, 10**12), max_size=2)),
        st.one_of(st.none(), st.builds(IgnoreFile, NAMES, st.lists(NAMES, max_size=3).map(tuple))),
    ),
)


@settings(max_examples=300)
@given(TEXTS, CONTEXTS, st.booleans())
def test_no_text_and_no_context_makes_it_raise(
    text: str | bytes, context: Given | Missing | None, unsafe: bool
) -> None:
    result = optimize(text, PIPELINE, unsafe=unsafe, context=context)
    before = text if isinstance(text, str) else text.decode("utf-8", "surrogateescape")
    assert result.before == before
    assert optimize(text, PIPELINE, unsafe=unsafe, context=context) == result


DEEP = b"[" * 100_000
PROJECTS = {
    "node:20": ("npm ci && npm run build", "package.json package-lock.json"),
    "node:22": (
        "pnpm install && yarn install",
        "package.json pnpm-workspace.yaml pnpm-lock.yaml .yarnrc.yml yarn.lock",
    ),
    "rust:1": ("cargo build --release", "Cargo.toml Cargo.lock"),
    "python:3.12": ("poetry install && uv sync && pip install .", "pyproject.toml poetry.lock uv.lock Pipfile"),
    "php:8": ("composer install", "composer.json composer.lock"),
}


@pytest.mark.parametrize("base", PROJECTS)
def test_no_nesting_makes_it_raise(base: str) -> None:
    run, names = PROJECTS[base]
    text = f'FROM {base}\nWORKDIR /a\nCOPY . .\nRUN {run}\nCMD ["a"]\n'
    whole = Given(
        {name: (b"a=" if name.endswith((".toml", ".lock", "Pipfile")) else b"") + DEEP for name in names.split()}
    )
    part = Given(
        {**whole.contents, "package.json": b'{"scripts": {"build": 5, "start": ["a"]}, "dependencies": {"a": "1"}}'}
    )
    for context in (whole, part):
        for transforms in (PIPELINE, [one for one in PIPELINE if one.id != "multi-stage"]):
            assert optimize(text, transforms, unsafe=True, context=context).before == text


@pytest.mark.parametrize("context", ["", "no such folder", "\x00", "/dev/null", Path("no/such")])
def test_no_folder_makes_it_raise(context: str | Path) -> None:
    text = "FROM node:22\nCOPY . .\nRUN npm ci\n"
    assert not optimize(text, context=context).ignores


def test_a_folder_is_a_context_with_its_ignore_file(tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json", "index.js"):
        (tmp_path / name).write_text("{}")
    text = 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "index.js"]\n'
    for folder in (tmp_path, str(tmp_path)):
        assert "copy-manifests-first" in [change.transform for change in optimize(text, context=folder).changes]
    (tmp_path / ".dockerignore").write_text("package.json\n")
    assert "copy-manifests-first" not in [change.transform for change in optimize(text, context=tmp_path).changes]


def test_the_values_of_the_api_tell_their_signatures() -> None:
    for name in optimizer.__all__:
        if isinstance(getattr(optimizer, name), type):
            assert signature(getattr(optimizer, name))


def test_no_value_has_a_field_of_a_dataclass_for_a_default() -> None:
    """The type checker takes one for the other; it would be the value of each that is made."""
    modules = [import_module(one.name) for one in pkgutil.walk_packages(optimizer.__path__, "optimizer.")]
    kinds = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}
    structs = [kind for kind in kinds if issubclass(kind, Struct)]
    assert len(structs) > 100
    assert not [kind for kind in structs if any(isinstance(one, Field) for one in kind.__struct_defaults__)]
