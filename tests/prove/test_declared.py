"""What the transforms declare is read in one place, and is well formed."""

import pytest

from optimizer.prove.allowances import Allowance
from optimizer.prove.declared import allowance, allowances
from optimizer.prove.globs import matches
from optimizer.transform import Safety, Transform, transform
from transforms import PIPELINE


def test_a_declaration_becomes_an_allowance() -> None:
    @transform(Safety.SAFE, may_change=set(), may_remove=("/a/**",), may_change_paths=("/b",), may_drop_packages=True)
    def drop_all(facts: object) -> object:
        """Nothing."""

    assert allowance(drop_all) == Allowance(("/a/**",), ("/b",), ("/b",), may_drop_packages=True)


def test_every_transform_has_an_allowance() -> None:
    assert set(allowances(PIPELINE)) == {each.id for each in PIPELINE}


@pytest.mark.parametrize("each", PIPELINE, ids=lambda each: each.id)
def test_what_is_declared_is_narrow(each: Transform) -> None:
    for glob in (*each.may_remove, *each.may_change_paths):
        assert glob.startswith("/")
        assert glob.strip("/*").count("/") or glob.count("*") == 0, f"`{glob}` is a whole top folder"
    for kept in (
        "/etc/hostname",
        "/usr/bin/python3",
        "/usr/lib/x86_64-linux-gnu/libc.so.6",
        "/app/main.py",
        "/etc/nginx/nginx.conf",
    ):
        assert not matches(kept, (*each.may_remove, *each.may_change_paths))


@pytest.mark.parametrize("each", PIPELINE, ids=lambda each: each.id)
def test_only_an_unsafe_transform_drops_packages(each: Transform) -> None:
    assert not each.may_drop_packages or each.safety is Safety.UNSAFE
