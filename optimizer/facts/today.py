"""The moment at which something is judged: now, or what `SOURCE_DATE_EPOCH` says, for results that can be had again.

Source: the specification of SOURCE_DATE_EPOCH by the Reproducible Builds project.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime


def now() -> datetime:
    """The moment, in UTC; a value that is no number of seconds does not count."""
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(said), UTC) if said.isdecimal() else datetime.now(UTC)


def today() -> date:
    """The day, in UTC."""
    return now().date()
