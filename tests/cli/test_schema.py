"""The printed schema and the reader of settings say the same of every file."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.cli.errors import SettingsError
from optimizer.cli.schema import schema
from optimizer.cli.settings import _KEYS, _read
from optimizer.knowledge import profiles
from tests.cli.conftest import Dockopt
from transforms import PIPELINE

VALIDATOR = jsonschema.Draft7Validator(schema())
TOLD = {transform.id: transform for transform in PIPELINE if transform.options}
WORDS = sorted({word for one in TOLD.values() for words in one.options.values() for word in words})
NAMES = sorted({spelled for one in TOLD.values() for name in one.options for spelled in (name, name.replace("_", "-"))})


def accepted(data: dict[str, Any]) -> bool:
    try:
        _read("dockopt.toml", data)
    except SettingsError:
        return False
    return True


def test_the_schema_is_one(dockopt: Dockopt) -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    assert json.loads(dockopt("schema").out) == schema()


@pytest.mark.parametrize(
    ("data", "good"),
    [
        ({}, True),
        ({"select": ["default", "cache-mounts"], "ignore": ["merge-run"], "unsafe": True}, True),
        ({"profile": "small", "ignore": []}, True),
        ({"select": []}, True),
        ({"exclude": ["third_party/", "!x"]}, True),
        ({"exclude": "third_party/"}, False),
        ({"exclude": [1]}, False),
        ({"merge-run": "all"}, True),
        ({"merge-run": {}}, True),
        ({"ignore": ["default"]}, False),
        ({"select": "merge-run"}, False),
        ({"select": ["merge-runs"]}, False),
        ({"profile": "small", "select": []}, False),
        ({"profile": "tiny"}, False),
        ({"profile": ["small"]}, False),
        ({"unsafe": 1}, False),
        ({"unsafe": "true"}, False),
        ({"merge-run": "every"}, False),
        ({"merge-run": True}, False),
        ({"merge-run": {"nonsense": "all"}}, False),
        ({"assume-yes": "all"}, False),
        ({"selekt": []}, False),
    ],
)
def test_both_say_the_same(data: dict[str, Any], good: bool) -> None:
    assert accepted(data) == VALIDATOR.is_valid(data) == good


ids = st.sampled_from([*(transform.id for transform in PIPELINE), "default", "nonsense"])
values = st.one_of(
    st.booleans(), st.integers(0, 2), st.lists(ids, max_size=3), ids, st.sampled_from([*profiles(), *WORDS]),
    st.lists(st.integers()), st.dictionaries(st.sampled_from([*NAMES, "nonsense"]), st.sampled_from([*WORDS, "x", 1])),
)  # fmt: skip
keys = st.sampled_from([*_KEYS, "nonsense", *TOLD, "assume-yes"])


@given(st.dictionaries(keys, values, max_size=4))
def test_both_say_the_same_of_any_file(data: dict[str, Any]) -> None:
    assert accepted(data) == VALIDATOR.is_valid(data), data
