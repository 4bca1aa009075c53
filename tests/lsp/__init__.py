"""`dockopt lsp`, as an editor talks to it."""
