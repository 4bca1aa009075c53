"""What the transforms declare is seen in real builds where the corpus does not show it: here, pip's download cache."""

import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from optimizer.cli.prove import ProveOptions, prove_all
from optimizer.cli.prover import ProofWishes
from optimizer.prove.builders import Builder

pytestmark = pytest.mark.e2e

SOURCE = "tiny-1.0.tar.gz"
BACKEND = """\
import zipfile

FILES = {
    "tiny.py": "",
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n",
    "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "tiny-1.0.dist-info/RECORD": "",
}


def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/tiny-1.0-py3-none-any.whl", "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    return "tiny-1.0-py3-none-any.whl"
"""
"""Builds the wheel without any other package, so that pip needs no index but ours."""

FILES = {
    "PKG-INFO": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    "backend.py": BACKEND,
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
}


def source_archive() -> bytes:
    """A package that pip has to build; it keeps what it has built."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"tiny-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


class Index(BaseHTTPRequestHandler):
    """A package index with one package."""

    content = source_archive()

    def do_GET(self) -> None:
        page = f'<!doctype html><html><body><a href="/{SOURCE}">{SOURCE}</a></body></html>'.encode()
        body = self.content if self.path.endswith(".gz") else page
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if body is self.content else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def index() -> Iterator[str]:
    """The address of an index on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("user", "home"), [("", "/root"), ("RUN useradd -m me\nUSER me\n", "/home/me")])
def test_the_cache_of_pip_goes_and_nothing_else(
    user: str,
    home: str,
    index: str,
    need: Callable[..., None],
    builder: Builder,
    context: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    need("python-slim")
    text = f"FROM python:3.11-slim\n{user}RUN NO_PROXY=127.0.0.1 pip install --user --index-url {index} tiny\n"
    (context / "Dockerfile").write_text(text)
    code = prove_all((str(context),), ProveOptions(False, (), (), "json", ProofWishes()), lambda name: builder)
    proof = json.loads(capsys.readouterr().out)[0]["proof"]
    assert proof["problems"] == []
    assert code == 0
    assert {row["by"] for row in proof["allowed"]} == {"no-cache-flag"}
    assert any(row["difference"].startswith(f"removed {home}/.cache/pip/") for row in proof["allowed"])
