"""Patterns of whole paths: `*` and `?` stay within a name, `**` crosses folders, `[ab]` is a choice."""

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def pattern_of(glob: str) -> re.Pattern[str]:
    """The regular expression of a glob. `/a/**` is all below `/a`, not `/a`; `/**/b` is `b` in any folder, `/b` too."""
    words: list[str] = []
    for part in re.findall(r"/\*\*/|\*\*|\*|\?|\[[^\]]+\]|[^*?\[]+|\[", glob):
        match part:
            case "/**/":
                words.append("/(?:.*/)?")
            case "**":
                words.append(".*")
            case "*":
                words.append("[^/]*")
            case "?":
                words.append("[^/]")
            case _ if part.startswith("[") and len(part) > 1:
                words.append("[" + part[1:-1].replace("\\", r"\\").replace("!", "^", part.startswith("[!")) + "]")
            case _:
                words.append(re.escape(part))
    return re.compile("".join(words), re.S)


def matches(path: str, globs: tuple[str, ...]) -> bool:
    """Whether one of the globs stands for the path."""
    return any(pattern_of(glob).fullmatch(path) for glob in globs)
