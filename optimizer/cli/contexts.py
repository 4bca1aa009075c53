"""The build contexts of the files of one run, as the options say; listed while a terminal shows how far it is."""

from __future__ import annotations

from pathlib import Path

from optimizer.cli.errors import FileError, UsageError
from optimizer.cli.names import shown
from optimizer.cli.progress import Progress
from optimizer.facts.context import Missing
from optimizer.facts.context.disk import OnDisk
from optimizer.facts.context.finder import Finder, FoundContext


class Contexts:
    """`root`: the folder that `--context` names. Nothing is looked at before a transform asks."""

    def __init__(self, root: Path | None, *, off: bool, quiet: bool = False) -> None:
        self._off = off
        self._progress = Progress(quiet=quiet)
        self._finder = Finder(root, self._tell)

    def of(self, path: Path, top: Path, text: bytes, *, named: bool) -> ContextOf | None:
        """What finds the context of a file; None where nobody wants it, or nobody says where the file lies."""
        if self._off or (not named and self._finder.root is None):
            return None
        return ContextOf(self._finder.supply(path, top, text), self._progress)

    def again(self, path: Path, top: Path, sources: tuple[str, ...]) -> ContextOf | None:
        """The same for a file whose sources are known, so that its text need not be read."""
        return None if self._off else ContextOf(self._finder.again(path, top, sources), self._progress)

    def _tell(self, count: int) -> None:
        self._progress(f"listing the build context: {count:,} files")


class ContextOf:
    """Finds the context of one file when it is called, and takes the line of progress away."""

    def __init__(self, found: FoundContext, progress: Progress) -> None:
        self.found = found
        self._progress = progress

    def __call__(self) -> OnDisk | Missing:
        """The context, listed."""
        try:
            return self.found()
        finally:
            self._progress.clear()


def described(context: ContextOf) -> str:
    """Which context it is, or why it is not known."""
    chosen = context.found.chosen
    if isinstance(chosen, Missing):
        return f"no build context: {chosen.why}"
    return f"the build context is `{shown(chosen.root)}`, {chosen.why}"


def folder_of(path: Path, context: ContextOf | None) -> Path:
    """The folder with which the file is built: that of its context, or its own where that is not known."""
    chosen = context.found.chosen if context is not None else None
    return path.absolute().parent if chosen is None or isinstance(chosen, Missing) else chosen.root


def ignore_file_of(context: ContextOf) -> Path | None:
    """The file that says what of the context is not sent; it need not be there yet. None where there is no context."""
    folder = context()
    if isinstance(folder, Missing):
        return None
    return Path(folder.ignore_file.path) if folder.ignore_file else folder.root / ".dockerignore"


def context_folder(wish: Path) -> Path:
    """The folder that `--context` names. Raises UsageError where there is none."""
    if not wish.is_dir():
        raise UsageError(f"--context: there is no folder `{shown(wish)}`")
    return wish


def context_of(dockerfile: Path, text: bytes, wish: Path | None) -> tuple[Path, OnDisk]:
    """The build context of one file with its folder. Raises FileError, and UsageError for a wish that is not there."""
    finder = Finder(context_folder(wish) if wish is not None else None)
    found = finder.supply(dockerfile, dockerfile.absolute().parent, text)
    chosen, context = found.chosen, found()
    for each in (chosen, context):
        if isinstance(each, Missing):
            raise FileError(f"{shown(dockerfile)}: {each.why}")
    assert not isinstance(chosen, Missing) and not isinstance(context, Missing)
    return chosen.root, context
