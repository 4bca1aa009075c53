"""The build context in a folder on the disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from pathlib import Path
from stat import S_IMODE

from optimizer.cache.ignores import ignores
from optimizer.facts.context import File


@dataclass(frozen=True)
class Folder:
    """A folder, less what an ignore file leaves out."""

    root: Path
    ignore: str = ""

    @cached_property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted."""
        out = ignores(self.ignore)
        found = {}
        for folder, folders, names in os.walk(self.root):
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in [*names, *links]:
                whole = Path(folder) / name
                path = whole.relative_to(self.root).as_posix()
                if not out(path):
                    status = whole.lstat()
                    link = str(whole.readlink()) if whole.is_symlink() else None
                    found[path] = File(path, status.st_size, S_IMODE(status.st_mode), link)
        return dict(sorted(found.items()))

    def content(self, path: str) -> bytes | None:
        """What a file holds."""
        return (self.root / path).read_bytes() if path in self.files else None

    def digest(self, path: str) -> str:
        """What stands for a file's content."""
        return sha1((self.root / path).read_bytes()).hexdigest()
