"""High water on a day of the month."""

import sys

FIRST = 90
"""Minutes after midnight, on the first day."""
LATER = 50
"""By so many minutes it is later each day."""
HALF = 745


def clock(minutes: int) -> str:
    """Minutes of a day as a time."""
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def main() -> None:
    """Print both times of a day."""
    first = FIRST + LATER * (int(sys.argv[1]) - 1 if len(sys.argv) > 1 else 0)
    print(f"high water: {clock(first)} {clock(first + HALF)}")
