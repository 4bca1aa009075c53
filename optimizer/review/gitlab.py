"""A review on GitLab: each suggestion a discussion on the diff, the summary a note that is kept up to date.

Source: GitLab's REST description of discussions and notes of merge requests; its page on suggestions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from optimizer.review.client import Client
from optimizer.review.errors import PostError, Refused
from optimizer.review.posting import Posted, kept, surely
from optimizer.review.reviews import Review, is_summary
from optimizer.review.suggestions import Comment, key_in

HEADERS = {"PRIVATE-TOKEN": "{}"}


def payload(comment: Comment, refs: dict[str, str]) -> dict[str, Any]:
    """A discussion on the last line of a suggestion. `refs`: the `diff_refs` of the merge request."""
    position: dict[str, Any] = {
        "position_type": "text",
        "base_sha": refs["base_sha"],
        "start_sha": refs["start_sha"],
        "head_sha": refs["head_sha"],
        "old_path": comment.old_path,
        "new_path": comment.path,
        "new_line": comment.last,
    }
    if comment.old_last is not None:
        position["old_line"] = comment.old_last
    return {"body": comment.body(f"suggestion:-{comment.last - comment.first}+0"), "position": position}


class GitLab:
    """One merge request."""

    def __init__(self, client: Client, project: str, number: int) -> None:
        """`project`: its number, or its path."""
        self._client = client
        self._request = f"projects/{quote(project, safe='')}/merge_requests/{number}"

    def post(self, review: Review) -> Posted:
        """Send what is not there yet. Raises PostError."""
        refs = self._client.get(self._request)["diff_refs"]
        if refs["head_sha"] != review.head:
            raise PostError(
                f"the merge request is at {refs['head_sha'][:12]} and the review is of {review.head[:12]}; "
                "check out its head, or say --head"
            )
        me = self._client.get("user")["id"]
        refused: list[Comment] = []
        count = len(review.comments)
        made = surely(lambda: self._missing(review, me, refused), lambda found: self._send(found, refs, refused))
        if refused:
            taken = tuple(comment for comment in review.comments if comment not in refused)
            review = Review(review.head, review.files, taken)
        made -= len(refused)
        return Posted(made, count - made, self._summarize(review, me))

    def _notes(self, me: int) -> list[Any]:
        return [note for note in self._client.pages(f"{self._request}/notes") if (note["author"] or {}).get("id") == me]

    def _missing(self, review: Review, me: int, refused: Sequence[Comment]) -> list[Comment]:
        there = {key_in(note["body"]) for note in self._notes(me)} if review.comments else set()
        return [one for one in review.comments if one.key not in there and one not in refused]

    def _send(self, missing: Sequence[Comment], refs: dict[str, str], refused: list[Comment]) -> None:
        for comment in missing:
            try:
                self._client.post(f"{self._request}/discussions", payload(comment, refs))
            except Refused as error:
                if error.status != 400:
                    raise
                refused.append(comment)

    def _summarize(self, review: Review, me: int) -> str:
        return kept(
            review,
            lambda: next((note for note in self._notes(me) if is_summary(note["body"])), None),
            lambda mine, body: self._client.put("PUT", f"{self._request}/notes/{mine['id']}", {"body": body}),
            lambda body: self._client.post(f"{self._request}/notes", {"body": body}),
        )
