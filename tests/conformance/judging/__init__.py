"""The questions of the judge: each yields a complaint for each wrong answer."""
