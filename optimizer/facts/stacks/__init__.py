"""What a stage that builds holds, what its container needs of it, and which image can run that.

How to add an ecosystem:

* rows in `knowledge/stacks.toml`: a `[[builder]]` for its images, a `[[stack]]` for its tools and the signs in its
  sources, and where no runtime image there fits, a `[[runtime]]` with `stacks = ["NAME"]`;
* a file here with one function `(Site, Call) -> tuple[Product, ...] | None`: what a call of its tools makes, None where
  the call is none of its own, `site.unknown(why)` raised where it is not known; and its line in `survey.BUILDS`.

All else is general: `survey` walks the stage, `data` finds the files that must stay, `choice` takes the runtime image
(the lowest `rank` that has all that is needed), `writer` the text of the two stages, and `checks/staging.py`
checks them without knowing any of this but the rows.
"""

from __future__ import annotations

from optimizer.facts.stacks.choice import Plan, plan
from optimizer.facts.stacks.site import Product, Site, Unknown

__all__ = ["Plan", "Product", "Site", "Unknown", "plan"]
