"""`--write` replaces a file at once and keeps what it is: mode, owner, link; or leaves it alone and says why."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import transforms
from optimizer.cli import files
from optimizer.cli.beside import extended
from optimizer.cli.errors import FileError
from optimizer.facts import Facts
from optimizer.transform import Declined, Safety, transform
from tests.cli.conftest import NOBODY, Dockopt

BEFORE = "FROM alpine:3.20\nRUN apk add curl\n"
AFTER = "FROM alpine:3.20\nRUN apk add --no-cache curl\n"


@pytest.fixture
def dockerfile(folder: Path) -> Path:
    """A file in which something is to change."""
    path = folder / "Dockerfile"
    path.write_text(BEFORE)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_is_replaced_by_a_new_one_and_nothing_else_is_left(dockopt: Dockopt, dockerfile: Path) -> None:
    old = dockerfile.stat().st_ino
    ran = dockopt("fix", "--write")
    assert (ran.code, ran.changes) == (0, ["Dockerfile:2 no-cache-flag"])
    assert "---" not in ran.out
    assert dockerfile.read_text() == AFTER
    assert dockerfile.stat().st_ino != old
    assert names(dockerfile.parent) == ["Dockerfile"]


def test_a_file_that_needs_no_change_is_not_touched(dockopt: Dockopt, dockerfile: Path) -> None:
    dockerfile.write_text(AFTER)
    old = dockerfile.stat()
    assert dockopt("fix", "--write").code == 0
    assert (dockerfile.stat().st_ino, dockerfile.stat().st_mtime_ns) == (old.st_ino, old.st_mtime_ns)


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o664, 0o4755])
def test_the_mode_is_kept(dockopt: Dockopt, dockerfile: Path, mode: int) -> None:
    dockerfile.chmod(mode)
    dockopt("fix", "--write")
    assert dockerfile.read_text() == AFTER
    assert dockerfile.stat().st_mode & 0o7777 == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_is_kept(dockopt: Dockopt, dockerfile: Path) -> None:
    os.chown(dockerfile, NOBODY, NOBODY)
    dockerfile.chmod(0o4755)
    dockopt("fix", "--write")
    status = dockerfile.stat()
    assert dockerfile.read_text() == AFTER
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (NOBODY, NOBODY, 0o4755)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_whose_owner_cannot_be_kept_is_left_alone(dockopt: Dockopt, ordinary_user: Path) -> None:
    path = ordinary_user / "Dockerfile"
    path.write_text(BEFORE)
    path.chmod(0o666)
    os.seteuid(0)
    os.chown(path, 0, 0)
    os.seteuid(NOBODY)
    ran = dockopt("fix", "--write")
    assert ran.code == 2
    assert ran.err.startswith("Dockerfile: cannot be written: the file would change its owner\n")
    assert path.read_text() == BEFORE
    assert names(ordinary_user) == ["Dockerfile"]


def test_a_read_only_file_is_left_alone_also_by_root(dockopt: Dockopt, dockerfile: Path) -> None:
    dockerfile.chmod(0o444)
    ran = dockopt("fix", "--write")
    assert ran.code == 2
    assert ran.err.startswith("Dockerfile: cannot be written: the file is read-only\n")
    assert ran.err.endswith("0 changes made in 0 of 1 file\n")
    assert ran.changes == []
    assert dockerfile.read_text() == BEFORE


def test_a_file_in_a_read_only_folder_is_left_alone(dockopt: Dockopt, ordinary_user: Path) -> None:
    path = ordinary_user / "Dockerfile"
    path.write_text(BEFORE)
    ordinary_user.chmod(0o555)
    ran = dockopt("fix", "--write")
    assert ran.code == 2
    assert ran.err.startswith("Dockerfile: cannot be written: Permission denied\n")
    assert path.read_text() == BEFORE


def test_a_link_inside_of_the_tree_is_followed(dockopt: Dockopt, dockerfile: Path) -> None:
    (dockerfile.parent / "docker").mkdir()
    link = dockerfile.parent / "docker/Dockerfile"
    link.symlink_to("../Dockerfile")
    ran = dockopt("fix", "--write", "docker")
    assert ran.code == 0
    assert link.is_symlink()
    assert dockerfile.read_text() == AFTER


@pytest.mark.parametrize("words", [[], ["Dockerfile"], ["."]])
def test_a_link_out_of_the_tree_is_refused(
    dockopt: Dockopt, folder: Path, tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "Dockerfile"
    outside.write_text(BEFORE)
    (folder / "Dockerfile").symlink_to(outside)
    ran = dockopt("fix", "--write", *words)
    assert ran.code == 2
    assert ran.err.startswith(f"Dockerfile: is a link to {outside}, which lies elsewhere; name that file to write it\n")
    assert (ran.changes, outside.read_text()) == ([], BEFORE)


def test_a_tree_elsewhere_has_its_own_links(dockopt: Dockopt, tmp_path_factory: pytest.TempPathFactory) -> None:
    tree = tmp_path_factory.mktemp("tree")
    (tree / "a").mkdir()
    (tree / "a/b.txt").write_text(BEFORE)
    (tree / "Dockerfile").symlink_to("a/b.txt")
    assert dockopt("fix", "--write", str(tree)).code == 0
    assert (tree / "a/b.txt").read_text() == AFTER


def test_a_file_that_changed_meanwhile_is_left_alone(
    dockopt: Dockopt, dockerfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @transform(Safety.SAFE, may_change={"layers"})
    def be_slow(facts: Facts) -> Iterator[Declined]:
        """Takes so long that somebody edits the file."""
        dockerfile.write_text(BEFORE + "# mine\n")
        yield from ()

    monkeypatch.setattr(transforms, "PIPELINE", (*transforms.PIPELINE, be_slow))
    ran = dockopt("fix", "--write")
    assert ran.code == 2
    assert ran.err.startswith("Dockerfile: was changed by someone else meanwhile; not written, run dockopt again\n")
    assert dockerfile.read_text() == BEFORE + "# mine\n"


def test_a_file_that_vanished_meanwhile_is_named(dockerfile: Path) -> None:
    dockerfile.unlink()
    with pytest.raises(FileError, match=r"^Dockerfile: there is no such file or folder$"):
        files.write(dockerfile, b"a", b"b", dockerfile.parent)


def test_a_full_disk_leaves_the_old_file_and_no_temporary_one(dockerfile: Path) -> None:
    program = (
        "import resource, sys\nfrom optimizer.cli import main\nimport optimizer.cli.fix, transforms\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))\nmain(['fix', '--write'])\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(transforms.__file__).parents[1])}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("Dockerfile: cannot be written: File too large\n")
    assert dockerfile.read_text() == BEFORE
    assert names(dockerfile.parent) == ["Dockerfile"]


@pytest.mark.parametrize("call", ["fsync", "fchmod"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interruption_leaves_the_old_file_and_no_temporary_one(
    dockerfile: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: type[BaseException]
) -> None:
    def interrupt(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, call, interrupt)
    with pytest.raises(error):
        files.write(dockerfile, BEFORE.encode(), AFTER.encode(), dockerfile.parent)
    assert dockerfile.read_text() == BEFORE
    assert names(dockerfile.parent) == ["Dockerfile"]


def test_the_content_is_on_the_disk_before_the_name_points_to_it(
    dockerfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def fsync(handle: int, real: object = os.fsync) -> None:
        seen.append(f"{Path(f'/proc/self/fd/{handle}').readlink().name[:9]} {dockerfile.read_text() == AFTER}")

    monkeypatch.setattr(os, "fsync", fsync)
    files.write(dockerfile, BEFORE.encode(), AFTER.encode(), dockerfile.parent)
    assert seen == [".dockopt- False", f"{dockerfile.parent.name[:9]} True"]


def test_the_ignore_file_is_written_with_what_needs_it(folder: Path, dockopt: Dockopt) -> None:
    (folder / "Dockerfile").write_text("FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm test\n")
    for path in ("package.json", "package-lock.json", "node_modules/left.js"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("{}")
    shown = dockopt("fix", str(folder))
    assert "--- /dev/null\n+++ b/" in shown.out
    assert "+**/node_modules\n" in shown.out
    assert not (folder / ".dockerignore").exists()
    assert dockopt("fix", "--write", str(folder)).code == 0
    assert (folder / ".dockerignore").read_text() == "**/node_modules\n"
    assert "COPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n" in (folder / "Dockerfile").read_text()
    assert dockopt("fix", "--check", str(folder)).code == 0


def test_an_ignore_file_keeps_its_lines_and_line_ends() -> None:
    assert extended(b"*.md\r\ndist", (".git", "dist")) == b"*.md\r\ndist\r\n.git\r\n"
    assert extended(b"", (".git",)) == b".git\n"
    assert extended(b".git\n", (".git",)) == b".git\n"
