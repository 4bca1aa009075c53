"""Hypothesis tries the same examples in every run, so that CI tells of the change and not of the day.

`HYPOTHESIS_PROFILE=search` looks for new ones: ten times as many, at random.
"""

import os

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

# What has ended is judged as of one day, so that results do not change by themselves.
os.environ.setdefault("SOURCE_DATE_EPOCH", "1795478400")  # 2026-11-24
