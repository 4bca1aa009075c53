"""A builder with base images for the end-to-end tests, made out of Debian's, PyPI's and npm's packages alone.

Official base images cannot be had without a registry, so recipes build stand-ins that carry the official names in a
private Docker daemon. `python -m tests.e2e.factory --help` tells how to use it; a user of dockopt needs none of it.
"""
