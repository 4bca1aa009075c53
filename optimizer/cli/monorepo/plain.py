"""Values as lists, texts and numbers, and back: what JSON can hold, so that nothing is ever run, as pickle would.

Knows frozen dataclasses, enumerations of texts, `tuple[X, ...]`, `X | None`, texts and numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def plain(value: object) -> Any:
    """The value without its types."""
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if is_dataclass(value):
        return [plain(getattr(value, field.name)) for field in fields(value)]
    return value.value if isinstance(value, Enum) else value


def typed(kind: type[Value], data: Any) -> Value:
    """The value of that type which `plain` told. Raises ValueError and TypeError for anything else."""
    found: Value = _reader(cast(Any, kind))(data)
    return found


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    if is_dataclass(kind) and isinstance(kind, type):
        return _of_dataclass(kind)
    if get_origin(kind) is tuple:
        return _of_tuple(_reader(get_args(kind)[0]))
    if get_origin(kind) is UnionType:
        return _optional(_reader(next(one for one in get_args(kind) if one is not NoneType)))
    return cast(Callable[[Any], Any], kind) if issubclass(kind, Enum) else _checked(kind)


def _of_dataclass(kind: type) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = [_reader(hints[field.name]) for field in fields(kind)]

    def read(data: Any) -> Any:
        return kind(*(reader(one) for reader, one in zip(readers, data, strict=True)))

    return read


def _of_tuple(reader: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if not isinstance(data, list):
            raise TypeError("not a list")
        return tuple(map(reader, data))

    return read


def _optional(reader: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda data: None if data is None else reader(data)


def _checked(kind: type) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if not isinstance(data, kind):
            raise TypeError(f"not a {kind.__name__}")
        return data

    return read
