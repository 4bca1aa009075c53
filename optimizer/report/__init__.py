"""The report to look at (`dockopt report`): what became of many files, as one page of HTML and as JSON.

It reads no disk and knows no terminal; `cli/report.py` gives it outcomes and writes what it makes.
"""

from __future__ import annotations

from optimizer.report.model import Entry, Report, Totals, entry
from optimizer.report.rebuilds import Rebuild, rebuild

__all__ = ["Entry", "Rebuild", "Report", "Totals", "entry", "rebuild"]
