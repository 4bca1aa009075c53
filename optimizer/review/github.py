"""A review on GitHub: suggestions as one review, the summary as one comment that is kept up to date.

Nothing is said twice: each comment ends with a key, and those of our own that are there already are left out.
Source: GitHub's REST description of pull request reviews, review comments and issue comments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optimizer.review.client import Client
from optimizer.review.errors import PostError, Refused
from optimizer.review.posting import Posted, kept, surely
from optimizer.review.reviews import Review, is_summary
from optimizer.review.suggestions import Comment, key_in

HEADERS = {
    "Accept": "application/vnd.github+json",
    "Authorization": "Bearer {}",
    "X-GitHub-Api-Version": "2022-11-28",
}


def payload(review: Review, comments: Sequence[Comment]) -> dict[str, Any]:
    """The review with these comments, as GitHub takes it."""
    count = len(comments)
    return {
        "commit_id": review.head,
        "event": "COMMENT",
        "body": f"dockopt: {count} suggestion{'s' if count != 1 else ''}; the summary says the rest.",
        "comments": [_comment(comment) for comment in comments],
    }


def _comment(comment: Comment) -> dict[str, Any]:
    told: dict[str, Any] = {"path": comment.path, "body": comment.body("suggestion")}
    if comment.first != comment.last:
        told |= {"start_line": comment.first, "start_side": "RIGHT"}
    return told | {"line": comment.last, "side": "RIGHT"}


class GitHub:
    """One pull request."""

    def __init__(self, client: Client, repository: str, number: int) -> None:
        """`repository`: `owner/name`."""
        self._client = client
        self._pull = f"repos/{repository}/pulls/{number}"
        self._issue = f"repos/{repository}/issues/{number}/comments"
        self._comments = f"repos/{repository}/issues/comments"

    def post(self, review: Review) -> Posted:
        """Send what is not there yet. Raises PostError."""
        head = self._client.get(self._pull)["head"]["sha"]
        if head != review.head:
            raise PostError(
                f"the pull request is at {head[:12]} and the review is of {review.head[:12]}; "
                "check out the head of the pull request, or say --head"
            )
        ours, count = self._ours(), len(review.comments)
        try:
            made = surely(lambda: self._missing(review, ours), lambda missing: self._send(review, missing))
        except Refused as error:
            if error.status != 422:
                raise
            # GitHub shows less of a very long diff than git does, and takes no comment beyond.
            review, made = review.without_comments(), 0
        return Posted(made, count - made, self._summarize(review, ours))

    def _ours(self) -> Callable[[Any], bool]:
        """Tells whether a comment is our own. A workflow's token may not ask who it is; then it is that of a bot."""
        try:
            me = self._client.get("user")["login"]
        except Refused as error:
            if error.status == 401:
                raise
            return lambda comment: (comment.get("user") or {}).get("type") == "Bot"
        return lambda comment: (comment.get("user") or {}).get("login") == me

    def _missing(self, review: Review, ours: Callable[[Any], bool]) -> list[Comment]:
        if not review.comments:
            return []
        there = {key_in(one["body"]) for one in self._client.pages(f"{self._pull}/comments") if ours(one)}
        return [comment for comment in review.comments if comment.key not in there]

    def _send(self, review: Review, missing: Sequence[Comment]) -> None:
        self._client.post(f"{self._pull}/reviews", payload(review, missing))

    def _summarize(self, review: Review, ours: Callable[[Any], bool]) -> str:
        def find() -> Any:
            found = self._client.pages(self._issue)
            return next((one for one in found if ours(one) and is_summary(one.get("body") or "")), None)

        return kept(
            review,
            find,
            lambda mine, body: self._client.put("PATCH", f"{self._comments}/{mine['id']}", {"body": body}),
            lambda body: self._client.post(self._issue, {"body": body}),
        )
