"""How much, as a person says it: bytes, and things with their noun."""


def said(count: int) -> str:
    """`12 kB`, `1.2 MB`, `120 MB`."""
    if count < 1e6:
        return f"{max(count, 1000) / 1e3:.0f} kB"
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.1f} MB"


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def saving(saves: int | None, basis: str = "") -> str:
    """What a change saves, in brackets; an estimate tells its basis. Empty where nothing is known."""
    if not saves:
        return ""
    return f" (about {said(saves)}; estimate: {basis})" if basis else f" (at most about {said(saves)})"
