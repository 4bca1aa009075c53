"""What the transforms declare of the image, as allowances; the only place that reads their declarations for a proof."""

from collections.abc import Iterable, Mapping

from optimizer.transform import Transform

from .allowances import Allowance


def allowances(transforms: Iterable[Transform]) -> Mapping[str, Allowance]:
    """The allowance of each transform, by its id."""
    return {transform.id: allowance(transform) for transform in transforms}


def allowance(transform: Transform) -> Allowance:
    """What a transform may do to the image; a path that may change may also come, as both are a write."""
    return Allowance(
        may_remove=transform.may_remove,
        may_change=transform.may_change_paths,
        may_add=transform.may_change_paths,
        may_drop_packages=transform.may_drop_packages,
        may_change_base=transform.may_change_base,
        configuration=frozenset(transform.may_change_settings),
    )
