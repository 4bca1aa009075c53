"""The temporary names and the temporary folder of one proof; all that bears them is gone when its block ends."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from msgspec import Struct

from .builders import Builder
from .process import end_all, held, interrupts

PREFIX = "dockopt-prove-"


class Workshop(Struct, frozen=True):
    """Where a proof works. Names are chosen before a thing is made, so that an interruption cannot hide it."""

    name: str
    folder: Path
    numbers: "count[int]"

    def tag(self) -> str:
        """A new image name."""
        return f"{self.name}:{next(self.numbers)}"

    def container(self) -> str:
        """A new container name."""
        return f"{self.name}-{next(self.numbers)}"

    def scratch(self) -> Path:
        """A new folder."""
        path = self.folder / str(next(self.numbers))
        path.mkdir()
        return path


@contextmanager
def workshop(builder: Builder) -> Iterator[Workshop]:
    """Open a workshop; SIGINT, SIGTERM and SIGHUP end it in good order."""
    name = PREFIX + secrets.token_hex(6)
    folder = Path(tempfile.gettempdir()) / name

    def clear() -> None:
        with held():
            end_all()
            shutil.rmtree(folder, ignore_errors=True)
            builder.clean(name)

    with interrupts():
        try:
            try:
                folder.mkdir(mode=0o700)
                yield Workshop(name, folder, count())
            finally:
                clear()
        except KeyboardInterrupt:
            clear()  # The signal may have come before the line above.
            raise
