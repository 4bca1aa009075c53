"""What each step reads (R), writes (W) and deletes (D), and whether two steps may change places.

Correct before precise: what is not known reads and writes everything.
"""

from __future__ import annotations

from optimizer.facts.effects.actions import Action, Effects, Install
from optimizer.facts.effects.conflicts import Conflict, commutes, conflicts_between, dependencies, reads_variable
from optimizer.facts.effects.links import effects
from optimizer.facts.effects.places import EVERYWHERE, Place, meet
from optimizer.facts.effects.steps import step_effects

__all__ = [
    "EVERYWHERE",
    "Action",
    "Conflict",
    "Effects",
    "Install",
    "Place",
    "commutes",
    "conflicts_between",
    "dependencies",
    "effects",
    "meet",
    "reads_variable",
    "step_effects",
]
