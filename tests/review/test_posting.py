"""What is sent to GitHub, and when again: held to GitHub's description, by a server that answers as it does."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct, structs

from optimizer.cache.git import Repository
from optimizer.cli.review import _Reviewer
from optimizer.cli.settings import Settings
from optimizer.review.client import Client
from optimizer.review.errors import PostError
from optimizer.review.github import HEADERS, GitHub
from optimizer.review.posting import Posted
from optimizer.review.reviews import Review
from optimizer.review.touched import touched
from tests.cli.conftest import Dockopt, dockopt, folder
from tests.review.description import description
from tests.review.repos import changed, commentable, commit
from tests.review.server import TOKEN, Fault, Pull, serving

__all__ = ["dockopt", "folder"]
BEFORE = b"FROM alpine:3.20\n" + b"".join(b"# %d\n" % n for n in range(40)) + b"RUN apk add curl\n"
AFTER = BEFORE.replace(b"# 5\n", b"# 5\nRUN apk add git\n").replace(
    b"# 20\n", b"# 20\nRUN apk add vim\nRUN apk add nano\n"
)
REVIEWS = "/repos/o/r/pulls/7/reviews$"


class Scene(Struct):
    """A repository with a change, and the server that has its pull request."""

    place: Path
    pull: Pull
    waits: list[float]

    def review(self) -> Review:
        with Repository(self.place) as repository:
            return _Reviewer(repository, touched(repository, "main", "HEAD"), Settings()).review()

    def post(self, review: Review | None = None, token: str = TOKEN) -> Posted:
        with Client(self.pull.url, HEADERS, token, self.waits.append) as client:
            return GitHub(client, "o/r", 7).post(review or self.review())

    def change(self, content: bytes) -> None:
        """One more commit."""
        self.pull.head = commit(self.place, {"Dockerfile": content})
        self.pull.lines = commentable(self.place)


@pytest.fixture
def scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """The change adds two installs, and there is one far from them."""
    place = folder / "r"
    head = changed(place, {"Dockerfile": BEFORE}, {"Dockerfile": AFTER})
    monkeypatch.chdir(place)
    pull = Pull(head, commentable(place), description())
    with serving(pull):
        yield Scene(place, pull, [])
    assert pull.complaints == []


def test_a_review_is_posted_once(scene: Scene) -> None:
    assert scene.post() == Posted(2, 0, "new")
    assert scene.post() == Posted(0, 2, "as before")
    assert len(scene.pull.reviews) == 1
    assert [(one.get("start_line"), one["line"]) for one in scene.pull.review_comments] == [(None, 8), (24, 25)]
    assert len(scene.pull.issue_comments) == 1
    assert "line 45, **no-cache-flag**" in scene.pull.issue_comments[0]["body"]


def test_what_the_server_answers_is_what_github_describes(scene: Scene) -> None:
    scene.post()
    known = scene.pull.description
    assert known.wrong_answer("pull-request-review-comment", scene.pull.review_comments[0]) == []
    assert known.wrong_answer("issue-comment", scene.pull.issue_comments[0]) == []
    assert known.wrong_answer("issue-comment", {"id": "one"}) != []


def test_a_request_that_github_does_not_describe_is_seen() -> None:
    known = description()
    good = {"event": "COMMENT", "comments": [{"path": "a", "body": "b", "line": 1, "side": "RIGHT"}]}
    assert known.complaints("POST", "/repos/o/r/pulls/7/reviews", good) == []
    for wrong in ({"event": "COMENT"}, {"event": 1}, {"coments": []}, {"comments": [{"path": "a", "body": 1}]}):
        assert known.complaints("POST", "/repos/o/r/pulls/7/reviews", wrong) != []
    assert known.complaints("POST", "/repos/o/r/pull/7/reviews", good) != []
    assert known.complaints("GET", "/repos/o/r/pulls/7/comments?per_pag=1", None) != []


def test_a_second_push_gets_only_what_is_new_and_the_summary_is_brought_up_to_date(scene: Scene) -> None:
    scene.post()
    scene.change(AFTER.replace(b"# 5\n", b"# 5\n# 5\n").replace(b"# 12\n", b"# 12\nRUN apk add zip\n"))
    assert scene.post() == Posted(1, 2, "updated")
    assert [len(review["comments"]) for review in scene.pull.reviews] == [2, 1]
    assert len(scene.pull.issue_comments) == 1


def test_when_all_is_well_the_summary_says_so_and_nothing_new_is_begun(scene: Scene) -> None:
    scene.post()
    scene.change(AFTER.replace(b"apk add", b"apk add --no-cache"))
    assert scene.post() == Posted(0, 0, "updated")
    assert "nothing to change" in scene.pull.issue_comments[0]["body"]
    scene.pull.issue_comments.clear()
    assert scene.post() == Posted(0, 0, "not needed")


def test_comments_of_others_are_not_ours_whatever_they_hold(scene: Scene) -> None:
    scene.post()
    for comment in [*scene.pull.review_comments, *scene.pull.issue_comments]:
        comment["user"]["login"] = "someone"
    assert scene.post() == Posted(2, 0, "new")
    assert len(scene.pull.issue_comments) == 2


def test_a_token_that_may_not_ask_who_it_is_looks_among_bots(scene: Scene) -> None:
    scene.pull.knows_user = False
    scene.post()
    assert scene.post().made == 2
    for comment in [*scene.pull.review_comments, *scene.pull.issue_comments]:
        comment["user"]["type"] = "Bot"
    assert scene.post() == Posted(0, 2, "as before")


def test_our_comments_are_found_on_later_pages(scene: Scene) -> None:
    scene.pull.issue_comments += [scene.pull.issue_comment("hello", "someone") for _ in range(5)]
    scene.post()
    scene.pull.issue_comments += [scene.pull.issue_comment("bye", "someone") for _ in range(5)]
    scene.pull.review_comments[:0] = [{**scene.pull.review_comments[0], "body": "hm"} for _ in range(5)]
    assert scene.post() == Posted(0, 2, "as before")


def moved(review: Review, line: int) -> Review:
    """The same with the first comment on another line."""
    first = structs.replace(review.comments[0], first=line, last=line)
    return structs.replace(review, comments=(first, *review.comments[1:]))


def test_one_bad_anchor_voids_the_review_and_all_comes_into_the_summary(scene: Scene) -> None:
    assert scene.post(moved(scene.review(), 15)) == Posted(0, 2, "new")
    assert scene.pull.reviews == []
    assert scene.pull.review_comments == []
    assert scene.pull.issue_comments[0]["body"].count("+RUN apk add") == 4


FAILS = {
    "502 and nothing done": Fault("POST", REVIEWS, 502),
    "502 and yet done": Fault("POST", REVIEWS, 502, after=True),
    "cut off": Fault("POST", REVIEWS, 0),
    "cut off when it was done": Fault("POST", REVIEWS, 0, after=True),
    "429": Fault("POST", REVIEWS, 429, {"Retry-After": "7"}),
    "secondary limit": Fault("POST", REVIEWS, 403, message="You have exceeded a secondary rate limit."),
    "summary 500 and yet done": Fault("POST", "/issues/7/comments$", 500, after=True),
    "a list fails": Fault("GET", "/pulls/7/comments", 503),
    "who am I fails": Fault("GET", "/user$", 500),
}


@pytest.mark.parametrize("fault", FAILS.values(), ids=FAILS)
def test_after_a_failure_everything_is_there_once(scene: Scene, fault: Fault) -> None:
    scene.pull.faults = [structs.replace(fault)]
    scene.post()
    assert scene.pull.faults == []
    assert len(scene.pull.review_comments) == 2
    assert [one["body"].count("### dockopt") for one in scene.pull.issue_comments] == [1]
    assert scene.post() == Posted(0, 2, "as before")


def test_the_wait_is_what_the_server_says(scene: Scene) -> None:
    scene.pull.faults = [structs.replace(FAILS["429"]), structs.replace(FAILS["secondary limit"])]
    scene.post()
    assert scene.waits == [7.0, 60.0]


def test_nobody_waits_for_an_hour(scene: Scene) -> None:
    scene.pull.faults = [Fault("GET", "/user$", 403, {"Retry-After": "3600"}, "rate limit")]
    with pytest.raises(PostError, match="3600 seconds"):
        scene.post()
    assert scene.waits == []


def test_a_server_that_never_gets_well_is_left_alone(scene: Scene) -> None:
    scene.pull.faults = [Fault("GET", "/user$", 500) for _ in range(9)]
    with pytest.raises(PostError, match=r"GET user: the server answers 500"):
        scene.post()
    assert len(scene.pull.faults) == 4


SAID: dict[str, tuple[Callable[[Scene], object], str]] = {
    "401": (lambda scene: scene.post(token="ghp_wr0ng"), "the token is not accepted"),
    "404": (lambda scene: scene.pull.faults.append(Fault("GET", "pulls/7$", 404)), "the token may not see it"),
    "403": (lambda scene: scene.pull.faults.append(Fault("POST", REVIEWS, 403)), "pull-requests: write"),
    "an echo": (lambda s: s.pull.faults.append(Fault("GET", "pulls/7$", 400, message=f"bad {TOKEN}")), "bad ***"),
}


@pytest.mark.parametrize("name", ["401", "404", "403", "an echo"])
def test_a_no_says_what_to_do_and_never_the_token(scene: Scene, name: str) -> None:
    prepare, told = SAID[name]
    with pytest.raises(PostError) as caught:
        prepare(scene)
        scene.post()
    assert told in str(caught.value)
    whole = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in whole
    assert "ghp_wr0ng" not in whole.replace('token="ghp_wr0ng"', "")


@pytest.mark.parametrize("token", ["", "ghp a", "ghp_a\nX: y", "ghp_ä"])
def test_what_is_no_token_is_not_sent_and_not_shown(token: str) -> None:
    with pytest.raises(PostError) as caught:
        Client("https://localhost", HEADERS, token)
    assert not token or token not in str(caught.value)


def test_a_token_goes_to_no_place_that_can_be_overheard() -> None:
    with pytest.raises(PostError, match="not https"):
        Client("http://example.com", HEADERS, TOKEN)


def test_a_token_stays_with_its_server(scene: Scene) -> None:
    scene.pull.issue_comments += [scene.pull.issue_comment("hello", "someone") for _ in range(5)]
    scene.pull.url = "http://127.0.0.2:9"
    real = scene.pull
    with serving(real) as url, Client(url, HEADERS, TOKEN, scene.waits.append) as client:
        real.url = "http://127.0.0.2:9"
        with pytest.raises(PostError, match="another server"):
            list(client.pages("repos/o/r/issues/7/comments"))


def test_a_review_of_another_commit_is_not_sent(scene: Scene) -> None:
    review = scene.review()
    scene.pull.head = "f" * 40
    with pytest.raises(PostError, match="the pull request is at ffffffffffff"):
        scene.post(review)
    assert scene.pull.reviews == []


def test_the_command_posts_what_ci_says(scene: Scene, dockopt: Dockopt, monkeypatch: pytest.MonkeyPatch) -> None:
    event = scene.place.parent / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": scene.pull.head}}}))
    told = {
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_API_URL": scene.pull.url,
        "GITHUB_TOKEN": TOKEN,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    ran = dockopt("review", "--base", "main", "--post", "--format", "github")
    assert (ran.code, ran.out) == (0, "")
    assert "2 suggestions posted on o/r#7" in ran.err
    assert "summary: new" in ran.err
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_wr0ng")
    ran = dockopt("review", "--base", "main", "--post", "--format", "github")
    assert ran.code == 2
    assert "the token is not accepted" in ran.err
    assert "ghp_wr0ng" not in ran.err
