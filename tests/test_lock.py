"""The lock file, the client of registries against a server that behaves as one, and `dockopt lock`."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from msgspec import Struct, field

from optimizer.cli import lock as command
from optimizer.cli.errors import InputError, SettingsError, UsageError
from optimizer.cli.settings import settings_for
from optimizer.lock import Entry, LockError, read, written
from optimizer.lock.registry import HUB, Place, Registry, RegistryError, place_of

MANIFEST = b'{"schemaVersion": 2}'
DIGEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()
SECRET = "token-that-nobody-prints"


class Behaviour(Struct):
    """What the registry does, and what it was asked."""

    images: dict[str, bytes] = field(default_factory=lambda: {"library/python:latest": MANIFEST})
    wants_token: bool = True
    grants: bool = True
    busy: int = 0
    retry_after: str = "7"
    tells_digest: bool = True
    asked: list[str] = field(default_factory=list)


def handler(behaviour: Behaviour) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            behaviour.asked.append(f"{self.command} {url.path}")
            if url.path == "/token":
                asked = parse_qs(url.query)
                right = asked["service"] == ["here"] and asked["scope"][0].endswith(":pull")
                token = {"token": SECRET} if right and behaviour.grants else {}
                self.answer(200 if right else 400, json.dumps(token).encode())
                return
            if behaviour.wants_token and self.headers.get("Authorization") != f"Bearer {SECRET}":
                realm = f"http://{self.headers['Host']}/token"
                path = url.path.removeprefix("/v2/").partition("/manifests/")[0]
                scope = f'scope="repository:{path}:pull"'
                self.answer(401, WWW_Authenticate=f'Bearer realm="{realm}",service="here",{scope}')
                return
            if behaviour.busy:
                behaviour.busy -= 1
                self.answer(429, Retry_After=behaviour.retry_after)
                return
            path, _, tag = url.path.removeprefix("/v2/").partition("/manifests/")
            manifest = behaviour.images.get(f"{path}:{tag}")
            if manifest is None:
                self.answer(404, b'{"errors": []}')
                return
            digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
            self.answer(200, manifest, **({"Docker_Content_Digest": digest} if behaviour.tells_digest else {}))

    return Handler


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def host(behaviour: Behaviour) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(behaviour))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def digest_of(reference: str, waits: list[float] | None = None) -> str:
    with httpx.Client() as client:
        return Registry(client, (waits if waits is not None else []).append).digest(reference)


@pytest.mark.parametrize(
    ("reference", "place"),
    [
        ("python", Place(HUB, "library/python", "latest")),
        ("python:3.12", Place(HUB, "library/python", "3.12")),
        ("bitnami/redis", Place(HUB, "bitnami/redis", "latest")),
        ("docker.io/library/node:20", Place(HUB, "library/node", "20")),
        ("ghcr.io/o/n", Place("ghcr.io", "o/n", "latest")),
        ("localhost:5000/a/b:1", Place("localhost:5000", "a/b", "1")),
    ],
)
def test_a_reference_names_a_place(reference: str, place: Place) -> None:
    assert place_of(reference) == place


def test_only_a_registry_on_this_machine_speaks_plain_http() -> None:
    assert place_of("localhost:5000/a").root == "http://localhost:5000"
    assert place_of("example.org:5000/a").root == "https://example.org:5000"


def test_a_token_is_fetched_once_for_a_repository(host: str, behaviour: Behaviour) -> None:
    with httpx.Client() as client:
        registry = Registry(client)
        assert registry.digest(f"{host}/library/python") == DIGEST
        assert registry.digest(f"{host}/library/python:latest") == DIGEST
    assert sum("/token" in one for one in behaviour.asked) == 1
    assert SECRET not in repr(registry)


def test_a_registry_that_is_busy_is_waited_for(host: str, behaviour: Behaviour) -> None:
    behaviour.busy = 2
    waits: list[float] = []
    assert digest_of(f"{host}/library/python", waits) == DIGEST
    assert waits == [7, 7]


@pytest.mark.parametrize(
    ("changes", "image", "message"),
    [
        ({}, "library/nothing", "has no image"),
        ({"busy": 99}, "library/python", "answers no more for now"),
        ({"busy": 1, "retry_after": "3600"}, "library/python", "asks to wait 3600 s"),
        ({"grants": False}, "library/python", "gives no token"),
    ],
)
def test_why_a_registry_does_not_tell(
    host: str, behaviour: Behaviour, changes: dict[str, object], image: str, message: str
) -> None:
    for name, value in changes.items():
        setattr(behaviour, name, value)
    with pytest.raises(RegistryError, match=message) as raised:
        digest_of(f"{host}/{image}")
    assert SECRET not in str(raised.value)


def test_a_registry_that_is_not_there() -> None:
    with pytest.raises(RegistryError, match="does not answer"):
        digest_of("127.0.0.1:1/library/python")


def test_a_manifest_is_hashed_where_no_digest_is_told(host: str, behaviour: Behaviour) -> None:
    behaviour.tells_digest = False
    assert digest_of(f"{host}/library/python") == DIGEST


def test_what_is_written_is_read_again() -> None:
    entries = (Entry("node", "20"), Entry("python", None, DIGEST), Entry("ruby:latest", "3.4", DIGEST))
    assert read(written(entries)) == entries
    assert [entry.pinned for entry in entries] == ["node:20", f"python@{DIGEST}", f"ruby:3.4@{DIGEST}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version = 2", "newer dockopt"),
        ("version = 1\nimages = []", "unknown key `images`"),
        ('version = 1\n[[image]]\nname = "a"\nsize = "1"', "unknown key `size`"),
        ('version = 1\n[[image]]\nname = "a b"', "`name` is an image"),
        ('version = 1\n[[image]]\nname = "a"\ntag = "?"', "no tag"),
        ('version = 1\n[[image]]\nname = "a"\ndigest = "sha256:1"', "no digest"),
        ("version = ", "cannot be read"),
    ],
)
def test_what_is_no_lock_file(text: str, message: str) -> None:
    with pytest.raises(LockError, match=message):
        read(text)


@pytest.fixture
def project(tmp_path: Path, host: str) -> Path:
    (tmp_path / "Dockerfile").write_text(f"FROM {host}/library/python\nFROM debian:bookworm-slim\nFROM scratch\n")
    (tmp_path / "dockopt.toml").write_text("")
    settings_for.cache_clear()
    return tmp_path


def test_the_command_writes_the_lock_and_pin_base_takes_it(project: Path, host: str, behaviour: Behaviour) -> None:
    from optimizer.engine import optimize

    assert command.lock([str(project)], command.Wishes(check=True)) == command.STALE
    assert not behaviour.asked
    assert command.lock([str(project)], command.Wishes()) == 0
    assert read((project / "dockopt.lock").read_text()) == (Entry(f"{host}/library/python", None, DIGEST),)
    assert command.lock([str(project)], command.Wishes(check=True)) == 0
    settings_for.cache_clear()
    chosen = [one for one in settings_for(project).chosen() if one.id == "pin-base"]
    result = optimize((project / "Dockerfile").read_bytes(), chosen, unsafe=True)
    assert result.after.startswith(f"FROM {host}/library/python@{DIGEST}\n")


def test_update_asks_again_and_keeps_the_tag(project: Path, host: str, behaviour: Behaviour) -> None:
    name = f"{host}/library/python"
    (project / "dockopt.lock").write_text(written([Entry(name, "3.12", DIGEST)]))
    behaviour.images["library/python:3.12"] = b"{}"
    assert command.lock([str(project)], command.Wishes()) == 0
    assert not behaviour.asked
    assert command.lock([str(project)], command.Wishes(update=True)) == 0
    new = "sha256:" + hashlib.sha256(b"{}").hexdigest()
    assert read((project / "dockopt.lock").read_text()) == (Entry(name, "3.12", new),)


def test_a_failure_is_told_and_changes_nothing(project: Path, behaviour: Behaviour) -> None:
    behaviour.images.clear()
    assert command.lock([str(project)], command.Wishes()) == InputError.exit_code
    assert not (project / "dockopt.lock").exists()


def test_mistakes_of_the_user(project: Path) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        command.lock([str(project)], command.Wishes(update=True, check=True))
    (project / "dockopt.lock").write_text("version = 3")
    settings_for.cache_clear()
    with pytest.raises(SettingsError, match="newer dockopt"):
        settings_for(project)


def test_a_lock_file_alone_leaves_the_settings_above_in_force(project: Path) -> None:
    (project / "dockopt.toml").write_text("unsafe = true\n")
    below = project / "services" / "api"
    below.mkdir(parents=True)
    text = written([Entry("python", "3.12", DIGEST)])
    (project / "dockopt.lock").write_text(written([Entry("node", "22", DIGEST)]))
    (below / "dockopt.lock").write_text(text)
    settings_for.cache_clear()
    assert settings_for(below).unsafe
    assert settings_for(below).options["pin-base"]["lock"] == text
    assert "node" in settings_for(below.parent).options["pin-base"]["lock"]
