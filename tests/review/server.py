"""A server on this machine that takes reviews as GitHub does: it holds each request to the published description.

A comment outside of the diff's hunks voids the whole review with 422. `faults` are answers that come instead of, or
after, what the next matching request would do.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from msgspec import Struct, field

from tests.review.description import Description

TOKEN = "ghp_very5ecret"
ME = "dockopt-bot"


class Fault(Struct):
    """`after`: the server does what it is asked for, and only the answer fails. Status 0: the connection is cut."""

    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "no"
    after: bool = False


class Pull(Struct):
    """The one pull request `o/r#7`. `lines`: path -> hunks as lists of lines on which comments may stand."""

    head: str
    lines: dict[str, list[list[int]]]
    description: Description
    page: int = 2
    """Items of a page, whatever is asked for."""
    knows_user: bool = True
    review_comments: list[dict[str, Any]] = field(default_factory=list)
    issue_comments: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, url: str, body: Any, headers: Any) -> tuple[int, Any, dict[str, str]]:
        """Status, document and headers of the answer."""
        self.requests.append(f"{method} {urlsplit(url).path}")
        self.complaints += self.description.complaints(method, url, body)
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}, {}
        fault = next((one for one in self.faults if one.method == method and re.search(one.path, url)), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault.after:
                self._done(method, url, body)
            return fault.status, {"message": fault.message}, fault.headers
        return self._done(method, url, body)

    def _done(self, method: str, url: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        parts = urlsplit(url)
        match method, parts.path:
            case "GET", "/user":
                me = (
                    {**self.description.example("private-user-response-with-public-profile-information"), "login": ME}
                    if self.knows_user
                    else None
                )
                return (200, me, {}) if me else (403, {"message": "Resource not accessible by integration"}, {})
            case "GET", "/repos/o/r/pulls/7":
                pull = self.description.example("pull-request")
                pull["head"]["sha"] = self.head
                return 200, pull, {}
            case "GET", "/repos/o/r/pulls/7/comments":
                return self._page(self.review_comments, url)
            case "GET", "/repos/o/r/issues/7/comments":
                return self._page(self.issue_comments, url)
            case "POST", "/repos/o/r/pulls/7/reviews":
                return self._review(body)
            case "POST", "/repos/o/r/issues/7/comments":
                self.issue_comments.append(self.issue_comment(body["body"]))
                return (
                    (201, self.issue_comments[-1], {}) if len(body["body"]) <= 65_536 else _void(["body is too long"])
                )
        if method == "PATCH" and (found := re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", parts.path)):
            comment = next(one for one in self.issue_comments if one["id"] == int(found[1]))
            if comment["user"]["login"] != ME:
                return 403, {"message": "Must have admin rights to Repository."}, {}
            comment["body"] = body["body"]
            return 200, comment, {}
        return 404, {"message": "Not Found"}, {}

    def _page(self, items: list[dict[str, Any]], url: str) -> tuple[int, Any, dict[str, str]]:
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        number = int(query.get("page", "1"))
        found = items[(number - 1) * self.page : number * self.page]
        more = number * self.page < len(items)
        following = f"{self.url}{parts.path}?{urlencode({**query, 'page': number + 1})}"
        return 200, found, {"Link": f'<{following}>; rel="next"'} if more else {}

    def _review(self, body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        wrong = [told for comment in body.get("comments", []) if (told := self.bad_anchor(comment))]
        if body.get("event") == "COMMENT" and not body.get("body"):
            wrong.append("body can't be blank")
        if body.get("commit_id") != self.head:
            wrong.append("commit_id is not part of the pull request")
        if wrong:
            return _void(wrong)
        self.reviews.append(body)
        for comment in body["comments"]:
            example = self.description.example("pull-request-review-comment-items")[0]
            example["user"]["login"] = ME
            example["start_line"] = None
            self.review_comments.append({**example, "id": len(self.review_comments) + 1, **comment})
        return 200, {**self.description.example("pull-request-review"), "body": body["body"]}, {}

    def bad_anchor(self, comment: dict[str, Any]) -> str | None:
        """Why GitHub would not let the comment stand there."""
        first = comment.get("start_line", comment["line"])
        if "start_line" in comment and not first < comment["line"]:
            return "start_line must precede the end line."
        wanted = set(range(first, comment["line"] + 1))
        hunks = self.lines.get(comment["path"])
        if hunks is None:
            return "Path could not be resolved"
        return None if any(wanted <= set(hunk) for hunk in hunks) else "Line could not be resolved"

    def issue_comment(self, body: str, login: str = ME, kind: str = "User") -> dict[str, Any]:
        """A comment of the conversation."""
        comment = self.description.example("issue-comment")
        comment |= {"id": len(self.issue_comments) + 1, "body": body}
        comment["user"] |= {"login": login, "type": kind}
        return comment


def _void(errors: list[str]) -> tuple[int, Any, dict[str, str]]:
    return 422, {"message": "Unprocessable Entity", "errors": errors}, {}


@contextmanager
def serving(pull: Any) -> Iterator[str]:
    """The address at which the pull request answers."""

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            status, document, headers = pull.answer(self.command, self.path, body, self.headers)
            if status == 0:
                self.close_connection = True
                self.connection.close()
                return
            text = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {
                **headers,
                "Content-Length": str(len(text)),
                "Content-Type": "application/json",
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_PUT = _do  # noqa: N815

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    pull.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield pull.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
