"""The order of dependent steps in which rebuilds are expected to take the least time: 1|prec|sum of w_j C_j.

Knows no Dockerfile: steps are numbers, sets of steps are bit masks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

MOST_STATES = 20_000
"""Sets of steps that an exact search looks at: those of 14 steps that are all free, or of many that are not."""

Order = tuple[int, ...]


class Work(Struct, frozen=True):
    """The steps: the seconds of each, which must run before it, and the probability that one of a set changes."""

    seconds: Sequence[float]
    above: Sequence[int]
    chance: Callable[[int], float]

    def cost(self, order: Order) -> float:
        """The seconds that a build is expected to take again."""
        mask, total = 0, 0.0
        for number in order:
            mask |= 1 << number
            total += self.seconds[number] * self.chance(mask)
        return total

    def allows(self, order: Order) -> bool:
        """Whether each step finds before it what it needs."""
        mask = 0
        for number in order:
            if self.above[number] & ~mask:
                return False
            mask |= 1 << number
        return True

    def least(self) -> float:
        """What no order goes below: each step depends at least on itself and what must run before it."""
        return sum(
            seconds * self.chance(self.above[number] | 1 << number) for number, seconds in enumerate(self.seconds)
        )


def best(work: Work) -> Order:
    """The cheapest order, exact as long as the sets that it passes are not too many; of equals the first."""
    return _exact(work) or _greedy(work)


def _exact(work: Work) -> Order | None:
    """Dynamic programming over the sets of steps that can have run."""
    count = len(work.seconds)
    layer: dict[int, tuple[float, Order]] = {0: (0.0, ())}
    seen = 0
    for _ in range(count):
        following: dict[int, tuple[float, Order]] = {}
        for mask, (cost, order) in layer.items():
            for number in _ready(work, mask):
                together = mask | 1 << number
                total = cost + work.seconds[number] * work.chance(together)
                if together not in following or total < following[together][0] - 1e-9:
                    following[together] = total, (*order, number)
        seen += len(following)
        if seen > MOST_STATES:
            return None
        layer = following
    return layer[(1 << count) - 1][1]


def _ready(work: Work, mask: int) -> Iterator[int]:
    """The steps that can run next."""
    for number, above in enumerate(work.above):
        if not mask >> number & 1 and not above & ~mask:
            yield number


def _greedy(work: Work) -> Order:
    """Again and again the step that, with all that it still needs, takes the most time for its probability."""
    above = _closures(work)
    order: list[int] = []
    mask = 0
    while len(order) < len(work.seconds):
        pending = [above[number] & ~mask for number in range(len(above)) if not mask >> number & 1]
        chosen = max(pending, key=lambda needed: _ratio(work, needed))
        order += _numbers(chosen)
        mask |= chosen
    return tuple(order)


def _closures(work: Work) -> list[int]:
    """Each step with all that must run before it; the numbers are in an order that is allowed."""
    found: list[int] = []
    for number, above in enumerate(work.above):
        mask = 1 << number | above
        for other in _numbers(above):
            mask |= found[other]
        found.append(mask)
    return found


def _ratio(work: Work, mask: int) -> float:
    return sum(work.seconds[number] for number in _numbers(mask)) / max(work.chance(mask), 1e-9)


def _numbers(mask: int) -> Iterator[int]:
    return (number for number in range(mask.bit_length()) if mask >> number & 1)


def settled(work: Work, order: Order, least: float) -> Order:
    """The order with each step put back among the others whose move gains less than `least` seconds."""
    while True:
        cost = work.cost(order)
        backs = [back for number in moved(order) if (back := _back(work, order, number)) is not None]
        cheapest = min(backs, key=work.cost, default=None)
        if cheapest is None or work.cost(cheapest) - cost >= least:
            return order
        order = cheapest


def moved(order: Order) -> tuple[int, ...]:
    """The fewest steps without which the others stand as they stood: all but a longest ascending row."""
    rows: list[Order] = [()]
    for number in order:
        before = [row for row in rows if not row or row[-1] < number]
        rows.append((*_longest(before), number))
    stay = set(_longest(rows))
    return tuple(number for number in order if number not in stay)


def _longest(rows: Sequence[Order]) -> Order:
    return max(rows, key=lambda row: len(row))


def _back(work: Work, order: Order, number: int) -> Order | None:
    """The cheapest order in which a step stands again where it stood among those that did not move."""
    out = set(moved(order))
    rest = [other for other in order if other != number]
    places = [-1, *(at for at, other in enumerate(rest) if other not in out), len(rest)]
    low = max(at for at in places if at < 0 or (at < len(rest) and rest[at] < number))
    high = min(at for at in places if at == len(rest) or (at >= 0 and rest[at] > number))
    found = ((*rest[:at], number, *rest[at:]) for at in range(low + 1, high + 1))
    return min((one for one in found if work.allows(one)), key=work.cost, default=None)
