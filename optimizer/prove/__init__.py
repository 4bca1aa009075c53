"""Build before and after a rewrite; hold what differs in the image against what was said may differ."""
