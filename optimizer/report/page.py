"""The page: one HTML document that asks nobody for anything, and in which no name and no content can do anything.

All text goes through the template engine, which escapes it, and what is odd in it is written out; the browser is told
(`Content-Security-Policy`) to run and load nothing but the style and the script of this package.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.report import drawing
from optimizer.report.lines import Kind
from optimizer.report.model import Entry, Report
from optimizer.report.record import Earlier
from optimizer.report.visible import ODD, named, visible, written_out

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_PARTS = Path(__file__).parent / "parts"
AT_ONCE = 200
"""Rows of the table that are shown before one asks for more."""


def page(report: Report, earlier: Sequence[Earlier] = ()) -> Iterator[str]:
    """The document, piece by piece. `earlier`: older reports, for the trend."""
    here = Earlier(report.made, report.version, report.totals)
    points = sorted([*earlier, here], key=lambda point: point.made) if earlier else []
    template = _environment().get_template("page.html")
    style, script = _text("style.css"), _text("script.js")
    return template.generate(
        report=report,
        totals=report.totals,
        points=points,
        trends=drawing.trends(points) if len(points) > 1 else (),
        style=_trusted(style),
        script=_trusted(script),
        policy=policy(style, script),
        at_once=AT_ONCE,
        summaries=_summaries(),
        states=_STATES,
        counts=_counts(report),
    )


_STATES = {
    "changes": "would change",
    "waiting": "waiting",
    "clean": "nothing to do",
    "left": "left as it is",
    "failed": "failed",
    "refused": "refused by a check",
}


def _counts(report: Report) -> Counter[str]:
    """Files in each state."""
    counts = Counter(entry.state.value for entry in report.entries)
    counts["refused"] = sum(bool(entry.refusals) for entry in report.entries)
    return counts


def policy(style: str, script: str) -> str:
    """What the browser may do with the page."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types dockopt",
        )
    )


def anchor(path: str) -> str:
    """The id of a file in the page: the same in each report."""
    return "f-" + blake2b(path.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _text(name: str) -> str:
    return (_PARTS / name).read_text("utf-8")


def _trusted(text: str) -> Markup:
    """A text of this package that goes in as it is."""
    from markupsafe import Markup

    return Markup(text)


def _summaries() -> dict[str, str]:
    from transforms import PIPELINE

    return {transform.id: transform.summary for transform in PIPELINE}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        autoescape=True,
        loader=FileSystemLoader(_PARTS),
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters |= {
        "code": code,
        "said": said,
        "size": size,
        "duration": duration,
        "short": short,
        "count": count,
        "anchor": anchor,
        "drawn": drawing.drawing,
    }
    found.globals |= {
        "marks": drawing.MARKS,
        "words": drawing.WORDS,
        "Kind": Kind,
        "chart": drawing,
        "detailed": detailed,
    }
    return found


def _finalized(value: Any) -> Any:
    """Each text that the template prints, with what is odd written out; what is markup already stays."""
    return visible(value) if type(value) is str else value


def code(text: str) -> Markup:
    """A line of code; odd characters stand out."""
    from markupsafe import Markup, escape

    if not ODD.search(text):
        return escape(text)
    odd = Markup('<span class="odd" title="{}">{}</span>')
    out, at = [], 0
    for match in ODD.finditer(text):
        out += [escape(text[at : match.start()]), odd.format(named(match[0]), written_out(match[0]))]
        at = match.end()
    return Markup("").join([*out, escape(text[at:])])


_QUOTED = re.compile(r"`([^`]+)`")


def said(text: str) -> Markup:
    """A sentence; what stands in backticks is code."""
    from markupsafe import Markup, escape

    parts = _QUOTED.split(visible(text))
    quoted = Markup("<code>{}</code>")
    return Markup("").join(quoted.format(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def size(number: float) -> str:
    """Bytes as a person says them."""
    for unit, step in (("GB", 1e9), ("MB", 1e6)):
        if number >= step:
            value = number / step
            return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"
    return f"{max(number, 1000) / 1e3:.0f} kB"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def short(seconds: float) -> str:
    """The same where there is little room: `26.0 s`, `111 s`, `18 min`."""
    return f"{seconds:,.0f} s" if 100 <= seconds < 1000 else duration(seconds)


def count(number: int, noun: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def detailed(entry: Entry) -> bool:
    """Whether there is more to say of a file than its row does."""
    return bool(entry.notes or entry.problems)
