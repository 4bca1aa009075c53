"""Which dockopt this is, to the byte: results of another one are of no use."""

from __future__ import annotations

import sys
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

_READERS = ("dockerfile_parse", "ruamel.yaml", "tomli")
"""Packages of others on which a result may rest."""


@cache
def code_digest() -> bytes:
    """A digest of all code and knowledge, of the Python that runs it and of the packages that it asks."""
    digest = sha256(repr((sys.version_info[:3], [_version(name) for name in _READERS])).encode())
    for package in ("optimizer", "transforms"):
        spec = find_spec(package)
        top = Path(spec.origin if spec and spec.origin else package).parent
        for path in sorted(path for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            digest.update(b"%s\0" % path.relative_to(top).as_posix().encode())
            digest.update(sha256(path.read_bytes()).digest())
    return digest.digest()


def _version(name: str) -> str:
    """The version of an installed package; empty where nobody knows."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""
