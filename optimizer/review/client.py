"""A client for the REST interfaces of forges: waits where the server says so, and asks again where that is harmless.

GET, PUT and PATCH may be asked again after any failure. A POST is asked again only where the server surely did nothing;
else `Uncertain` is raised, and who asked looks first whether it was done. Sources: GitHub's pages on rate limits (also
the secondary ones, which come as 403) and on good practice; GitLab's page on rate limits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from optimizer.cli import VERSION
from optimizer.review.errors import PostError, Refused, Uncertain

_TRIES = 5
_LONGEST_WAIT = 300.0
_SAID = {
    401: "the token is not accepted; it may have ended",
    403: "the token may not do that; it needs leave to write to pull requests (for workflows: "
    "`permissions: pull-requests: write`; those of forks never have it)",
    404: "there is no such repository or pull request, or the token may not see it",
}


class _Later(Exception):
    """The server did nothing and wants to be asked later, in so many seconds; None: it does not say when."""

    def __init__(self, told: str, seconds: float | None) -> None:
        super().__init__(told)
        self.seconds = seconds


class _Failed(Exception):
    """Something broke, and it may have done what it was asked for."""


class Client:
    """One server, with one token."""

    def __init__(
        self, url: str, headers: Mapping[str, str], token: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`headers` says how the token `{}` is sent. Raises PostError for what is no token or no safe place for one."""
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise PostError("the token is empty, or holds characters that no token has")
        place = urlsplit(url)
        if place.scheme != "https" and place.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise PostError(f"`{url}` is not https; a token would be readable on its way")
        self._token = token
        self._sleep = sleep
        sent = {"User-Agent": f"dockopt/{VERSION}", **{key: text.format(token) for key, text in headers.items()}}
        self._http = httpx.Client(base_url=url.rstrip("/") + "/", headers=sent, timeout=30, follow_redirects=False)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """What is there."""
        return self._asked("GET", path, None, query).json()

    def pages(self, path: str, **query: str | int) -> Iterator[Any]:
        """The items of a list, page by page, as long as the server names a next one."""
        answer = self._asked("GET", path, None, {"per_page": 100, **query})
        while True:
            yield from answer.json()
            following = answer.links.get("next", {}).get("url")
            if following is None:
                return
            if urlsplit(str(self._http.base_url.join(following)))[:2] != urlsplit(str(self._http.base_url))[:2]:
                raise PostError("the server names a next page on another server; the token stays here")
            answer = self._asked("GET", following, None, {})

    def put(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Change what is there: `PUT` or `PATCH`."""
        return self._asked(method, path, body, {}).json()

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Make something new. Raises Uncertain."""
        return self._asked("POST", path, body, {}).json()

    def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None, query: Mapping[str, str | int]
    ) -> httpx.Response:
        """The answer, after as many tries as make sense. Raises PostError."""
        repeatable = method != "POST"
        again = retry_if_exception(lambda e: isinstance(e, _Later) or (repeatable and isinstance(e, _Failed)))
        tries = Retrying(stop=stop_after_attempt(_TRIES), wait=self._wait, retry=again, sleep=self._sleep, reraise=True)
        try:
            return tries(self._once, method, path, body, query)
        except _Later as error:
            raise PostError(f"{method} {_shown(path)}: the server still asks to wait: {self._clean(error)}") from None
        except _Failed as error:
            kind = PostError if repeatable else Uncertain
            raise kind(f"{method} {_shown(path)}: {self._clean(error)}") from None

    def _once(
        self, method: str, path: str, body: Mapping[str, Any] | None, query: Mapping[str, str | int]
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=body, params=dict(query) or None)
        except httpx.ConnectError as error:
            raise _Later(f"no connection ({error})", None) from None
        except httpx.HTTPError as error:
            raise _Failed(f"{type(error).__name__}: {error}") from None
        if answer.is_success:
            return answer
        if (later := _later(answer)) is not None:
            raise later
        if answer.status_code >= 500:
            raise _Failed(f"the server answers {answer.status_code}")
        told = _SAID.get(answer.status_code, f"the server answers {answer.status_code}")
        said = self._clean(_message(answer))
        raise Refused(answer.status_code, f"{method} {_shown(path)}: {told}{said and f' ({said})'}")

    def _wait(self, state: RetryCallState) -> float:
        """Seconds until the next try: what the server says, else more and more. Raises PostError for too many."""
        error = state.outcome.exception() if state.outcome is not None else None
        seconds = error.seconds if isinstance(error, _Later) else None
        if seconds is not None and seconds > _LONGEST_WAIT:
            raise PostError(f"the server asks to wait for {seconds:.0f} seconds; try again then") from None
        return seconds if seconds is not None else 2.0 ** (state.attempt_number - 1)

    def _clean(self, told: object) -> str:
        return str(told).replace(self._token, "***")


def _later(answer: httpx.Response) -> _Later | None:
    """What the server says about waiting; None where it does not ask for it."""
    headers, said = answer.headers, _message(answer)
    limited = answer.status_code == 429 or (answer.status_code == 403 and "rate limit" in said.lower())
    emptied = answer.status_code in (403, 429) and headers.get("x-ratelimit-remaining") == "0"
    after = headers.get("retry-after", "")
    if not (limited or emptied or (answer.status_code in (403, 503) and after.isdigit())):
        return None
    if after.isdigit():
        return _Later(said, float(after))
    reset = headers.get("x-ratelimit-reset", "")
    if emptied and reset.isdigit():
        return _Later(said, max(float(reset) - time.time(), 1.0))
    # GitHub wants a minute at least where it names no time.
    return _Later(said, 60.0 if answer.status_code == 403 else None)


def _message(answer: httpx.Response) -> str:
    """What the server says in words, on one line."""
    try:
        told = answer.json()
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    said = [told.get("message") or told.get("error") or ""]
    errors = told.get("errors")
    said += errors if isinstance(errors, list) else []
    lines = (one.get("message", one) if isinstance(one, dict) else one for one in said if one)
    return " ".join(f"{'; '.join(map(str, lines))}".split())[:300]


def _shown(path: str) -> str:
    return urlsplit(path).path
