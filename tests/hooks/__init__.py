"""Other programs that call dockopt: pre-commit, GitHub, Docker."""
