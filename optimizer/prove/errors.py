"""What can keep a proof from being made. Each error speaks to the user; none means that a rewrite is wrong.

ProofError
├── BuilderMissing   no builder on this machine, or not the one asked for
├── BuilderFailed    the builder itself failed: not reachable, out of space, refused an option
├── BuildFailed      the Dockerfile does not build
├── TimedOut         a command took longer than it was given
├── ArchiveError     an image archive cannot be read
└── TableError       a table of knowledge or allowances is wrong
"""


class ProofError(Exception):
    """The root; `exit_code` is what the command line ends with."""

    exit_code = 4


class BuilderMissing(ProofError):
    """No builder on this machine, or not the one asked for."""


class BuilderFailed(ProofError):
    """The builder itself failed."""


class BuildFailed(ProofError):
    """The Dockerfile does not build. `log` holds the last lines of the step that failed."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class TimedOut(ProofError):
    """A command took longer than it was given."""


class ArchiveError(ProofError):
    """An image archive cannot be read."""


class TableError(ProofError):
    """A table of knowledge or allowances is wrong."""
