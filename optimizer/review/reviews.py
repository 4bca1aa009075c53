"""A whole review: the comments on lines, and a summary that says the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from optimizer.fixes import NOT_UTF8, Fix, applied
from optimizer.patch import unified
from optimizer.review.markdown import LIMIT, code, fenced, folded, joined, length, prose
from optimizer.review.suggestions import Comment, File, on_lines, reasons
from optimizer.sizes import counted, said, saving
from optimizer.transform import Safety

SUMMARY_MARKER = "<!-- dockopt summary -->"
_MOST_COMMENTS = 40
"""More would bury the people's own comments; the summary has the others."""
_MOST_PENDING = 20


class Review(Struct, frozen=True):
    """What to say about a change whose last commit is `head`."""

    head: str
    files: tuple[File, ...]
    comments: tuple[Comment, ...]

    def without_comments(self) -> Review:
        """The same with all in the summary."""
        return replace(self, comments=())

    @property
    def empty(self) -> bool:
        """Whether nothing would change in any file, and nothing went wrong."""
        return not any(_speaks(file) for file in self.files)

    def summary(self, limit: int = LIMIT) -> str:
        """Markdown; its last line tells us that we wrote it."""
        return joined(list(_paragraphs(self)), limit, SUMMARY_MARKER)


def review(head: str, files: Sequence[File]) -> Review:
    """The review of these files."""
    comments = [comment for file in files for comment in on_lines(file)]
    return Review(head, tuple(files), tuple(comments[:_MOST_COMMENTS]))


def is_summary(body: str) -> bool:
    """Whether we wrote it."""
    return body.replace("\r\n", "\n").rstrip().endswith(SUMMARY_MARKER)


def _speaks(file: File) -> bool:
    return bool(file.fixes or file.result.problems or file.result.refusals)


def _paragraphs(review: Review) -> Iterator[str]:
    changes = [change for file in review.files for fix in file.fixes for change in fix.changes]
    changed = sum(bool(file.fixes) for file in review.files)
    if not changes:
        yield "### dockopt: nothing to change"
    else:
        yield f"### dockopt: {counted(len(changes), 'change')} in {changed} of {counted(len(review.files), 'file')}"
    if known := sum(change.saves or 0 for change in changes):
        yield f"An estimate of what the images lose: at most about {said(known)}."
    told = {id(fix) for comment in review.comments for fix in comment.fixes}
    for file in review.files:
        if _speaks(file):
            yield from _file(file, told)
    if waiting := sum(len(file.result.pending) for file in review.files):
        yield folded(f"{waiting} more, for a person to judge", "\n".join(_pending(review.files)))
    if changes:
        yield (
            "To take all of it: `dockopt fix --write`. To keep a place as it is: "
            "`# dockopt: ignore[ID] reason` above the instruction; a whole file: `# dockopt: ignore-file`. "
            "`dockopt explain ID` says what an ID is about."
        )


def _file(file: File, told: Collection[int]) -> Iterator[str]:
    """What is said of one file: the reasons, and the diff of what no comment offers."""
    yield f"#### {code(file.path)}"
    if file.result.problems:
        problem = file.result.problems[0]
        yield f"BuildKit would reject it, line {problem.line}: {prose(problem.message)}"
    for refusal in file.result.refusals:
        yield f"A change at line {refusal.line} ({refusal.transform}) was refused by a check: {prose(refusal.why)}"
    here = [fix for fix in file.fixes if id(fix) in told]
    rest = [fix for fix in file.fixes if id(fix) not in told]
    if here:
        yield f"{counted(len(here), 'suggestion')} on its lines."
    if file.why_no_lines and rest:
        yield prose(file.why_no_lines)
    if rest:
        yield _elsewhere(file, rest)


def _elsewhere(file: File, rest: Sequence[Fix]) -> str:
    """Reasons and diff, folded: what was there before the change shall not drown what is about it."""
    changes = [change for fix in rest for change in fix.changes]
    parts = [reasons(changes, lines=True), *_needs(file, rest), *_diff(file, rest)]
    shown = folded(f"{counted(len(changes), 'change')} besides the lines of this change", "\n\n".join(parts))
    if length(shown) <= LIMIT // 2:
        return shown
    return (
        f"{counted(len(changes), 'change')} are too long to show here: `dockopt fix` on {code(file.path)} prints them."
    )


def _needs(file: File, rest: Sequence[Fix]) -> Iterator[str]:
    patterns = list(dict.fromkeys(pattern for fix in rest for pattern in fix.ignores))
    if patterns:
        lines = ", ".join(code(pattern) for pattern in patterns)
        yield f"It needs these lines at the end of {code(file.ignore_file or '.dockerignore')}: {lines}"


def _diff(file: File, rest: Sequence[Fix]) -> Iterator[str]:
    after = applied(file.result.before, [hunk for fix in rest for hunk in fix.hunks])
    diff = unified(file.result.before, after, file.path)
    if not diff:
        return
    if NOT_UTF8.search(diff):
        yield f"The diff is not UTF-8: `dockopt fix` on {code(file.path)} prints it."
    else:
        yield fenced(diff, "diff")


def _pending(files: Sequence[File]) -> Iterator[str]:
    waiting = [(file, change) for file in files for change in file.result.pending]
    for file, change in waiting[:_MOST_PENDING]:
        kind = "a suggestion" if change.safety is Safety.SUGGESTION else "with `--unsafe`"
        size = saving(change.saves, change.basis)
        yield f"- {code(f'{file.path}:{change.line}')} **{change.transform}**: {prose(change.why)}{size}; {kind}"
    if (more := len(waiting) - _MOST_PENDING) > 0:
        yield f"- and {more} more: `dockopt fix --verbose` tells them"
