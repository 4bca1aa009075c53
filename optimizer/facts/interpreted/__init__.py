"""What becomes of a stage that builds and runs a program which an interpreter reads: a builder, and a slim image.

The whole folder of the project goes along, less development packages; `survey` finds what the steps write, `choice`
what the other image needs beside it. What is not known raises `Unknown`, with what could tell it.
"""

from __future__ import annotations

from optimizer.facts.interpreted.choice import conversion

__all__ = ["conversion"]
