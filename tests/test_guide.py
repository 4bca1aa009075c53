"""Every pair of the guide: the bad file goes in, and what comes out has the properties of the good one."""

from __future__ import annotations

import pytest

from optimizer.engine import Result, optimize
from optimizer.facts.context import Given
from tests.guide.pairs import PAIRS, Pair
from tests.guide.properties import Property, Seen
from transforms import PIPELINE

KNOWN = {one.id for one in PIPELINE}
PENDING = sorted({needed for pair in PAIRS for needed in pair.needs} - KNOWN)
"""Transforms that are still to come: what they give is asked for as soon as they stand in the pipeline."""


def improved(pair: Pair) -> Result:
    """All that dockopt can do, as somebody who asks for everything gets it."""
    given = Given({path: text.encode() for path, text in pair.files.items()})
    chosen = [one for one in PIPELINE if one.default or one.id in pair.switched_on]
    chosen = [one.configured(pair.options.get(one.id, {})) for one in chosen]
    return optimize(pair.text.encode(), unsafe=True, context=given, transforms=chosen)


def cases() -> list[tuple[Pair, Property]]:
    found = []
    for pair in PAIRS:
        asked = [one for needed, properties in pair.needs.items() if needed in KNOWN for one in properties]
        found += [(pair, one) for one in (*pair.properties, *asked)]
    return found


@pytest.mark.parametrize(("pair", "wanted"), cases(), ids=lambda one: one.name.replace(" ", "-")[:50])
def test_the_result_has_the_property(pair: Pair, wanted: Property) -> None:
    result = improved(pair)
    assert result.refusals == ()
    assert wanted.holds(Seen(result)), result.after


def test_what_is_still_to_come_is_named() -> None:
    assert set(PENDING) <= {"multi-stage", "cross-compile", "slim-base"}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_second_run_is_silent(pair: Pair) -> None:
    first = improved(pair)
    again = Pair(pair.name, first.after, (), pair.files, pair.options, switched_on=pair.switched_on)
    assert improved(again).after == first.after


_STAY = ("does not say", "says", "the image keeps")
"""Beginnings of the names of properties that a bad file may have, too."""


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_bad_file_lacks_what_the_result_has(pair: Pair) -> None:
    """Else the properties would prove nothing."""
    bad = Result(pair.text, pair.text)
    wanted = [*pair.properties, *(one for properties in pair.needs.values() for one in properties)]
    assert all(one.name.startswith(_STAY) for one in wanted) or not all(one.holds(Seen(bad)) for one in wanted)
