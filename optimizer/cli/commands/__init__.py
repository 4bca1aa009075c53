"""The commands, one a module: their options and their `--help`. What they do is imported when they run."""
