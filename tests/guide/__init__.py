"""The guide's pairs of bad and good files, with their contexts, and what must be true of the results."""
