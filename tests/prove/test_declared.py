"""What the transforms declare is read in one place, and is well formed."""

import re

import pytest

from optimizer.prove.allowances import Allowance
from optimizer.prove.declared import allowance, allowances
from optimizer.prove.globs import matches
from optimizer.transform import Leeway, Safety, Transform, transform
from transforms import PIPELINE


def test_a_declaration_becomes_an_allowance() -> None:
    @transform(Safety.SAFE, may_change=set(), may_remove=("/a/**",), may_change_paths=("/b",), may_drop_packages=True)
    def drop_all(facts: object) -> object:
        """Nothing."""

    assert allowance(drop_all) == Allowance(("/a/**",), ("/b",), ("/b",), may_drop_packages=True)


def test_every_transform_has_an_allowance() -> None:
    assert set(allowances(PIPELINE)) == {each.id for each in PIPELINE}


NEVER = ("/etc/hostname", "/usr/lib/x86_64-linux-gnu/libc.so.6", "/etc/nginx/nginx.conf")
"""Paths that no transform may touch which stays on the same base image."""
PROJECT = ("/app/main.py", "/srv/data.db")
"""Paths of the project, whatever image it stands on."""
NEVER_SAFE = ("/usr/bin/python3", *PROJECT)
"""Paths that no safe transform may touch."""


@pytest.mark.parametrize("each", PIPELINE, ids=lambda each: each.id)
def test_what_is_declared_is_narrow(each: Transform) -> None:
    declared = (*each.may_remove, *each.may_change_paths)
    for glob in declared:
        assert glob.startswith(("/", "**/"))
        assert re.search(r"[\w.]", glob) or each.safety is not Safety.SAFE, f"`{glob}` is everything"
    never = PROJECT if Leeway.BASE in each.leeway else NEVER
    for kept in never + (NEVER_SAFE if each.safety is Safety.SAFE else ()):
        assert not matches(kept, declared)


@pytest.mark.parametrize("each", PIPELINE, ids=lambda each: each.id)
def test_only_an_unsafe_transform_drops_packages(each: Transform) -> None:
    assert not each.may_drop_packages or each.safety is Safety.UNSAFE
