"""`dockopt review`: what to say about the Dockerfiles that a change touches; printed, or sent to the forge."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from msgspec import Struct

from optimizer.cache.git import GitError, Repository
from optimizer.cli.contexts import Contexts, folder_of
from optimizer.cli.discovery import Found, is_dockerfile, is_known_ci_file
from optimizer.cli.errors import UsageError, unknown_format
from optimizer.cli.forge import Target, target
from optimizer.cli.names import shown
from optimizer.cli.output import Output, document
from optimizer.cli.settings import Settings, of_options
from optimizer.cli.work import Wishes, Worker
from optimizer.review.markdown import code
from optimizer.review.patches import Patch
from optimizer.review.reviews import Review, review
from optimizer.review.suggestions import Comment, File
from optimizer.review.touched import Touched, patch_of, touched

FORMATS = ("markdown", "github", "gitlab", "json")


class ReviewOptions(Struct, frozen=True):
    """The options of `dockopt review`."""

    base: str | None
    head: str | None
    format: str
    post: bool
    unsafe: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    profile: str | None = None
    repository: str | None = None
    number: int | None = None
    output: Path | None = None


def review_all(options: ReviewOptions, environment: Mapping[str, str] = os.environ) -> int:
    """Print the review, or send it; returns the exit code. Raises InputError and PostError."""
    if options.format not in FORMATS:
        raise unknown_format(options.format, FORMATS)
    settings = of_options(options.select, options.ignore, options.profile, unsafe=options.unsafe)
    where = target(options.format, options.repository, options.number, environment)
    if options.post:
        where.complete()
    base = options.base or where.base
    if base is None:
        raise UsageError("--base names what the change is compared with, such as `origin/main`")
    try:
        with Repository(Path()) as repository:
            change = touched(repository, base, options.head or where.head or "HEAD")
            made = _Reviewer(repository, change, settings).review()
    except GitError as error:
        raise UsageError(str(error)) from error
    if options.post:
        _post(made, where)
    else:
        document(_RENDER[options.format](made, change).encode("utf-8", "backslashreplace"), options.output)
    return 0


class _Reviewer:
    """The work on one change."""

    def __init__(self, repository: Repository, change: Touched, settings: Settings) -> None:
        self._repository = repository
        self._change = change
        self._head = repository.tree(change.head)
        self._worker = Worker(Wishes(settings, fixes=True))
        self._output = Output()

    def review(self) -> Review:
        """All files that the change touches, or whose contexts it narrows."""
        paths = sorted({*self._touched(), *self._ignoring()})
        return review(self._change.head, [file for path in paths for file in self._file(path)])

    def _touched(self) -> Iterator[str]:
        for path in self._change.paths:
            if is_dockerfile(PurePosixPath(path).name) or is_known_ci_file(self._change.top / path):
                yield path

    def _ignoring(self) -> Iterator[str]:
        """Dockerfiles of which the change says otherwise what of their context is not sent."""
        folders = set()
        for ignoring in self._change.ignored:
            if ignoring.name in (".dockerignore", ".containerignore"):
                folders.add(self._change.top / ignoring.parent)
            elif str(ignoring.with_suffix("")) in self._head:
                yield str(ignoring.with_suffix(""))
        if not folders:
            return
        contexts = Contexts(None, off=False)
        for path in sorted(self._head):
            place = self._change.top / path
            if is_dockerfile(place.name) and place.is_file():
                context = contexts.of(place, self._change.top, place.read_bytes(), named=True)
                if folder_of(place, context) in folders:
                    yield path

    def _file(self, path: str) -> Iterator[File]:
        """One file; a link is passed over, as it could show what lies outside of the repository."""
        if not self._head[path].mode.startswith("100"):
            return
        outcome = self._worker.look(Found(self._change.top / path, self._change.top))
        for failure in outcome.failures:
            self._output.note(failure)
        if outcome.template is not None:
            self._output.note(f"{path}:{outcome.template}: looks like a template; left as it is")
        elif outcome.result is not None:
            patch, why = self._lines(path, outcome.data)
            ignore_file = shown(outcome.ignore_file) if outcome.ignore_file is not None else None
            yield File(path, outcome.result, outcome.fixes, patch, ignore_file, why)

    def _lines(self, path: str, data: bytes) -> tuple[Patch | None, str | None]:
        """Where comments can stand in a file; else why not, where that needs saying."""
        if self._repository.blob(self._head[path].blob) != data:
            return None, "The file was read as it lies on the disk, which is not as the change has it."
        if path not in self._change.paths:
            return None, "The change touches only what of its build context is sent."
        return patch_of(self._repository, self._change, path), None


def _post(made: Review, where: Target) -> None:
    posted = where.post(made)
    note = Output().note
    note(f"{posted.made} suggestions posted on {where.named}, {posted.there} were there or in the summary")
    note(f"summary: {posted.summary}")


def _markdown(made: Review, change: Touched) -> str:
    """The summary, and below it each comment with its place."""
    parts = [made.summary()]
    parts += [f"---\n\n{_where(one)}\n\n{one.body('suggestion')}" for one in made.comments]
    return "\n\n".join(parts) + "\n"


def _where(comment: Comment) -> str:
    lines = f"lines {comment.first} to {comment.last}" if comment.first < comment.last else f"line {comment.last}"
    return f"{code(comment.path)}, {lines}"


def _github(made: Review, change: Touched) -> str:
    from optimizer.review.github import payload

    review = payload(made, made.comments) if made.comments else None
    return _document({"review": review, "summary": {"body": made.summary()}})


def _gitlab(made: Review, change: Touched) -> str:
    from optimizer.review.gitlab import payload

    refs = {"base_sha": change.base, "start_sha": change.base, "head_sha": change.head}
    discussions = [payload(comment, refs) for comment in made.comments]
    return _document({"discussions": discussions, "summary": {"body": made.summary()}})


def _json(made: Review, change: Touched) -> str:
    return _document(
        {
            "version": 1,
            "base": change.base,
            "head": change.head,
            "summary": made.summary(),
            "files": [file.path for file in made.files],
            "comments": [_told(comment) for comment in made.comments],
        }
    )


def _told(comment: Comment) -> dict[str, Any]:
    return {
        "path": comment.path,
        "first": comment.first,
        "last": comment.last,
        "new": comment.text,
        "body": comment.body("suggestion"),
        "transforms": sorted({change.transform for fix in comment.fixes for change in fix.changes}),
        "key": comment.key,
    }


def _document(told: Mapping[str, Any]) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


_RENDER: Mapping[str, Callable[[Review, Touched], str]] = {
    "markdown": _markdown,
    "github": _github,
    "gitlab": _gitlab,
    "json": _json,
}
