"""What editors talk to: the language server protocol, over what `dockopt fix` and `dockopt cache` know."""
