"""Asks a container registry for the digest of an image: Docker Registry HTTP API V2, without an account.

Sources: the distribution specification of OCI, "Checking if content exists in the registry"; the token
authentication of the CNCF project Distribution. What a registry answers is never printed; tokens stay in memory.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    import httpx

HUB = "registry-1.docker.io"
"""Where images without a host lie."""
_ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_TRIES = 4
_LONGEST_WAIT = 60.0
"""Seconds that one answer may make us wait."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class RegistryError(Exception):
    """A registry does not tell; the message says which image, and why."""


class Place(Struct, frozen=True):
    """Where an image lies: `https://host/v2/path/manifests/tag`."""

    host: str
    path: str
    tag: str

    @property
    def root(self) -> str:
        """The registry; one on this machine speaks plain HTTP, as Docker takes it."""
        scheme = "http" if self.host.rpartition(":")[0] in _LOCAL or self.host in _LOCAL else "https"
        return f"{scheme}://{self.host}"


def place_of(reference: str) -> Place:
    """Where a registry has the image; a name without a host lies on Docker Hub, one without a slash in its library."""
    first, slash, rest = reference.partition("/")
    if not (slash and ("." in first or ":" in first or first == "localhost")):
        first, rest = HUB, reference
    if first in ("docker.io", "index.docker.io"):
        first = HUB
    head, colon, tag = rest.rpartition(":")
    path, tag = (head, tag) if colon and "/" not in tag else (rest, "latest")
    if first == HUB and "/" not in path:
        path = f"library/{path}"
    return Place(first, path, tag)


@dataclass
class Registry:
    """A client for one run. `sleep` waits for so many seconds."""

    client: httpx.Client
    sleep: Callable[[float], None] = time.sleep
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    def digest(self, reference: str) -> str:
        """The digest of what the reference names now. Raises RegistryError."""
        place = place_of(reference)
        url = f"{place.root}/v2/{place.path}/manifests/{place.tag}"
        answer = self._asked("HEAD", url, place, reference)
        found: str = answer.headers.get("docker-content-digest", "")
        if not _DIGEST.fullmatch(found):
            answer = self._asked("GET", url, place, reference)
            found = "sha256:" + hashlib.sha256(answer.content).hexdigest()
        return found

    def _asked(self, method: str, url: str, place: Place, reference: str) -> httpx.Response:
        """The answer, after a token was fetched where one is asked for, and after waits that the registry names."""
        import httpx

        for number in range(_TRIES):
            try:
                answer = self.client.request(method, url, headers=self._headers(place))
            except httpx.HTTPError as error:
                raise RegistryError(
                    f"`{place.host}` does not answer for `{reference}`: {type(error).__name__}"
                ) from error
            if answer.status_code == 401 and (place.host, place.path) not in self._tokens:
                self._tokens[place.host, place.path] = self._token(answer, place, reference)
            elif (answer.status_code == 429 or answer.status_code >= 500) and number + 1 < _TRIES:
                self._wait(answer, number, reference)
            else:
                break
        if answer.status_code == 200:
            return answer
        raise RegistryError(_told(answer.status_code, place, reference))

    def _headers(self, place: Place) -> dict[str, str]:
        token = self._tokens.get((place.host, place.path))
        return {"Accept": _ACCEPT, **({"Authorization": f"Bearer {token}"} if token else {})}

    def _wait(self, answer: httpx.Response, number: int, reference: str) -> None:
        named = answer.headers.get("retry-after", "")
        seconds = float(named) if named.isdecimal() else 2.0**number
        if seconds > _LONGEST_WAIT:
            raise RegistryError(f"the registry asks to wait {seconds:.0f} s for `{reference}`; try again later")
        self.sleep(seconds)

    def _token(self, answer: httpx.Response, place: Place, reference: str) -> str:
        """A token to read the repository, from the service that the registry names."""
        import httpx

        challenge = answer.headers.get("www-authenticate", "")
        named = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = named.get("realm", "")
        safe = urlsplit(realm).scheme == "https" or place.root.startswith("http:")
        if not challenge.lower().startswith("bearer") or not realm or not safe:
            raise RegistryError(f"`{place.host}` wants an account for `{reference}`")
        asked = {"service": named.get("service", ""), "scope": named.get("scope") or f"repository:{place.path}:pull"}
        try:
            given = self.client.get(realm, params={key: value for key, value in asked.items() if value})
            data = given.json() if given.status_code == 200 else {}
        except (httpx.HTTPError, ValueError) as error:
            raise RegistryError(f"`{place.host}` gives no token for `{reference}`") from error
        token = data.get("token") or data.get("access_token") if isinstance(data, dict) else None
        if not isinstance(token, str):
            raise RegistryError(f"`{place.host}` gives no token for `{reference}`")
        return token


def _told(status: int, place: Place, reference: str) -> str:
    match status:
        case 404:
            return f"`{place.host}` has no image `{reference}`"
        case 401 | 403:
            return f"`{place.host}` does not let anybody read `{reference}`"
        case 429:
            return f"`{place.host}` answers no more for now (`{reference}`)"
    return f"`{place.host}` answered with status {status} for `{reference}`"
