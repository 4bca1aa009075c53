"""dockopt's engine: everything that is not a rewrite."""
