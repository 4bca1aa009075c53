"""What is sent to GitLab: each suggestion once, on lines as GitLab numbers them; a note that is kept up to date.

The server answers as GitLab's pages on discussions and notes say: a line that the diff does not show, or that has the
wrong old number, is refused with 400, alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, field, structs

from optimizer.cache.git import Repository
from optimizer.cli.review import _Reviewer
from optimizer.cli.settings import Settings
from optimizer.review.client import Client
from optimizer.review.gitlab import HEADERS, GitLab
from optimizer.review.posting import Posted
from optimizer.review.reviews import Review
from optimizer.review.touched import touched
from tests.cli.conftest import folder
from tests.review.repos import changed, git
from tests.review.server import TOKEN, serving

__all__ = ["folder"]
BEFORE = b"FROM alpine:3.20\n# a\nRUN apk add curl\n" + b"# b\n" * 20 + b"RUN apk add zip\n"
AFTER = BEFORE.replace(b"# a\n", b"# a\nRUN apk add git\n# c\n")
PLACE = "/projects/group%2Fname/merge_requests/3"


class Request(Struct):
    """The one merge request `group/name!3`. `sides`: old and new number of each line that the diff shows."""

    refs: dict[str, str]
    sides: set[tuple[int | None, int]]
    notes: list[dict[str, Any]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Paths of which the next POST is done and answered with 502."""
    url: str = ""

    def answer(self, method: str, url: str, body: Any, headers: Any) -> tuple[int, Any, dict[str, str]]:
        path = url.split("?")[0]
        if headers.get("PRIVATE-TOKEN") != TOKEN:
            return 401, {"message": "401 Unauthorized"}, {}
        match method, path:
            case "GET", "/user":
                return 200, {"id": 5}, {}
            case "GET", _ if path == PLACE:
                return 200, {"diff_refs": self.refs}, {}
            case "GET", _ if path == f"{PLACE}/notes":
                return 200, self.notes, {}
            case "POST", _ if path == f"{PLACE}/discussions" and self._wrong(body["position"]):
                return 400, {"message": '400 Bad request - Note {:line_code=>["can\'t be blank"]}'}, {}
            case "POST", _:
                self.notes.append({"id": len(self.notes), "author": {"id": 5}, **body})
                if path in self.lost:
                    self.lost.remove(path)
                    return 502, {}, {}
                return 201, {}, {}
            case "PUT", _ if found := re.fullmatch(re.escape(PLACE) + r"/notes/(\d+)", path):
                self.notes[int(found[1])]["body"] = body["body"]
                return 200, {}, {}
        return 404, {"message": "404 Not found"}, {}

    def _wrong(self, position: dict[str, Any]) -> bool:
        shas = {key: value for key, value in position.items() if key.endswith("_sha")}
        return shas != self.refs or (position.get("old_line"), position["new_line"]) not in self.sides


@pytest.fixture
def request_(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Request]:
    head = changed(folder / "r", {"Dockerfile": BEFORE}, {"Dockerfile": AFTER})
    monkeypatch.chdir(folder / "r")
    base = git(folder / "r", "rev-parse", "main").strip()
    shown: set[tuple[int | None, int]] = {(None, 3), (None, 4), (1, 1), (2, 2), (3, 5), (4, 6), (5, 7)}
    merge = Request({"base_sha": base, "start_sha": "a" * 40, "head_sha": head}, shown)
    with serving(merge):
        yield merge


def review() -> Review:
    with Repository(Path()) as repository:
        return _Reviewer(repository, touched(repository, "main", "HEAD"), Settings()).review()


def post(merge: Request, what: Review) -> Posted:
    waits: list[float] = []
    with Client(merge.url, HEADERS, TOKEN, waits.append) as client:
        return GitLab(client, "group/name", 3).post(what)


def test_suggestions_and_the_summary_are_posted_once(request_: Request) -> None:
    assert post(request_, review()) == Posted(2, 0, "new")
    assert post(request_, review()) == Posted(0, 2, "as before")
    placed = [note["position"] for note in request_.notes if "position" in note]
    assert [(one.get("old_line"), one["new_line"]) for one in placed] == [(None, 3), (3, 5)]
    assert "line 26, **no-cache-flag**" in request_.notes[-1]["body"]


def test_what_was_lost_on_the_way_back_is_not_said_twice(request_: Request) -> None:
    request_.lost = [f"{PLACE}/discussions", f"{PLACE}/notes"]
    post(request_, review())
    assert [("position" in note) for note in request_.notes] == [True, True, False]


def test_a_line_that_gitlab_refuses_goes_into_the_summary_alone(request_: Request) -> None:
    whole = review()
    moved = structs.replace(whole.comments[0], first=12, last=12)
    posted = post(request_, structs.replace(whole, comments=(moved, *whole.comments[1:])))
    assert posted == Posted(1, 1, "new")
    assert "lines 3, 26, **no-cache-flag**" in request_.notes[-1]["body"]
    assert "lines 3, 5" not in request_.notes[-1]["body"]
