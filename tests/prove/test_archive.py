"""Image archives are read as a stream, whatever wrote them, and damage is told in words."""

import bz2
import gzip
import io
import json
import lzma
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from optimizer.prove.archive import read_image
from optimizer.prove.errors import ArchiveError
from optimizer.prove.filesystem import merge
from optimizer.prove.layer import Layer

from .archives import Member, as_tar, docker_archive, folder, hard_link, layer, link, oci_files, shot

HELLO = layer(
    folder("etc"), Member("etc/hello", b"hello\n", 0o640, 7, 8, xattrs={"user.note": "a"}), link("hi", "etc/hello")
)


def test_a_docker_archive_is_read() -> None:
    image = read_image(io.BytesIO(docker_archive([HELLO], {"User": "me"})))
    entry = merge(image).entries["/etc/hello"]
    assert image.settings == {"User": "me"}
    assert (entry.kind, entry.mode, entry.uid, entry.gid, entry.size) == ("file", 0o640, 7, 8, 6)
    assert entry.sha256.startswith("5891b5b522d5df08")
    assert entry.xattrs == (("user.note", "a"),)
    assert merge(image).entries["/hi"].link == "etc/hello"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_an_oci_layout_is_read_in_every_compression_that_python_has(pack: Callable[[bytes], bytes]) -> None:
    image = read_image(io.BytesIO(as_tar(oci_files([HELLO], pack=pack))))
    assert merge(image).entries["/etc/hello"].size == 6


def test_an_oci_layout_is_read_from_a_folder(tmp_path: Path) -> None:
    for name, content in oci_files([HELLO]).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert "/hi" in merge(read_image(tmp_path)).entries


def test_an_archive_is_read_from_a_file_and_from_a_pipe(tmp_path: Path) -> None:
    content = docker_archive([HELLO])
    file = tmp_path / "image.tar"
    file.write_bytes(content)
    with subprocess.Popen(["cat", file], stdout=subprocess.PIPE) as pipe:
        assert read_image(pipe.stdout) == read_image(file)  # type: ignore[arg-type]


def test_a_layer_that_is_a_link_to_another_is_followed() -> None:
    document = docker_archive([HELLO, HELLO])
    with tarfile.open(fileobj=io.BytesIO(document)) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    del files["1/layer.tar"]
    members = [Member(name, content) for name, content in files.items()]
    archive = layer(members[0], Member("1/layer.tar", type=tarfile.SYMTYPE, link="../0/layer.tar"), *members[1:])
    assert len(read_image(io.BytesIO(archive)).layers) == 2


def test_layers_that_are_known_are_not_read_again() -> None:
    known: dict[str, Layer] = {}
    files = oci_files([HELLO])
    first = read_image(io.BytesIO(as_tar(files)), known=known)
    second = read_image(io.BytesIO(as_tar(files)), known=known)
    assert first.layers[0] is second.layers[0]


def test_a_whiteout_removes_from_the_layers_below() -> None:
    tree = shot(layer(Member("a/b"), Member("a/c")), layer(Member("a/.wh.b"))).tree
    assert set(tree.entries) == {"/a", "/a/c"}


def test_a_whiteout_of_a_folder_removes_all_below_it() -> None:
    tree = shot(layer(Member("a/b/c"), Member("d")), layer(Member(".wh.a"))).tree
    assert set(tree.entries) == {"/d"}


def test_an_opaque_folder_hides_what_was_in_it_but_not_what_comes_with_it() -> None:
    tree = shot(layer(Member("a/old")), layer(folder("a"), Member("a/new"), Member("a/.wh..wh..opq"))).tree
    assert set(tree.entries) == {"/a", "/a/new"}


def test_a_file_removed_and_made_again_in_one_layer_is_there() -> None:
    tree = shot(layer(Member("a", b"1")), layer(Member("a", b"22"), Member(".wh.a"))).tree
    assert tree.entries["/a"].size == 2


def test_a_file_in_place_of_a_folder_hides_what_was_in_it() -> None:
    tree = shot(layer(Member("a/b")), layer(Member("a"))).tree
    assert set(tree.entries) == {"/a"}


def test_a_hard_link_has_the_content_of_its_target() -> None:
    tree = shot(layer(Member("a", b"123", 0o755), hard_link("b", "a"))).tree
    assert (tree.entries["/b"].size, tree.entries["/b"].mode) == (3, 0o755)
    assert tree.entries["/b"].sha256 == tree.entries["/a"].sha256


def test_long_and_strange_names_survive() -> None:
    names = [f"{'x' * 90}/{'y' * 90}/ä b", "quote'\"", "new\nline"]
    tree = shot(layer(*(Member(name) for name in names))).tree
    assert {f"/{name}" for name in names} <= set(tree.entries)


def test_devices_and_pipes_have_their_kind() -> None:
    tree = shot(layer(Member("dev/fifo", type=tarfile.FIFOTYPE), Member("dev/null", type=tarfile.CHRTYPE))).tree
    assert tree.entries["/dev/fifo"].kind == "pipe"
    assert (tree.entries["/dev/null"].kind, tree.entries["/dev/null"].link) == ("character device", "0:0")


def test_zstd_is_refused_with_a_way_out() -> None:
    with pytest.raises(ArchiveError, match=r"zstd.*docker save"):
        read_image(io.BytesIO(as_tar(oci_files([HELLO], pack=lambda _: b"\x28\xb5\x2f\xfd" + bytes(99)))))


def test_what_is_no_archive_is_refused() -> None:
    for content in (b"", b"no archive at all", bytes(2048), as_tar({"some/file": b"x"})):
        with pytest.raises(ArchiveError):
            read_image(io.BytesIO(content))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no image archive"):
        read_image(tmp_path / "absent.tar")


@pytest.mark.parametrize(
    "make", [lambda: docker_archive([HELLO]), lambda: as_tar(oci_files([HELLO], pack=gzip.compress))]
)
def test_an_archive_that_is_cut_short_anywhere_is_refused(make: Callable[[], bytes]) -> None:
    content = make()
    end = len(content.rstrip(b"\0"))
    for length in range(0, end, 97):
        with pytest.raises(ArchiveError):
            read_image(io.BytesIO(content[:length]))


def test_a_bit_that_fell_over_in_a_layer_is_noticed() -> None:
    for content in (docker_archive([HELLO]), as_tar(oci_files([HELLO]))):
        at = content.index(b"hello\n")
        with pytest.raises(ArchiveError, match="damaged"):
            read_image(io.BytesIO(content[:at] + b"H" + content[at + 1 :]))


def test_garbage_in_any_place_never_ends_in_another_error() -> None:
    content = as_tar(oci_files([HELLO], pack=gzip.compress))
    noticed = 0
    for at in range(0, len(content.rstrip(b"\0")), 61):
        try:
            read_image(io.BytesIO(content[:at] + b"\xff\x00{" + content[at + 3 :]))
        except ArchiveError:
            noticed += 1
    assert noticed


def test_several_images_ask_for_a_platform() -> None:
    files = oci_files([HELLO])
    row = json.loads(files["index.json"])["manifests"][0]
    rows = [{**row, "platform": {"os": "linux", "architecture": name}} for name in ("amd64", "arm64")]
    archive = as_tar({**files, "index.json": json.dumps({"manifests": rows}).encode()})
    with pytest.raises(ArchiveError, match="2 images; choose one by its platform"):
        read_image(io.BytesIO(archive))
    assert read_image(io.BytesIO(archive), platform="linux/arm64").layers


MEMORY = """
import resource, sys
from optimizer.prove.archive import read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
image = read_image(sys.stdin.buffer)
assert image.layers[0].bytes == int(sys.argv[1]), image.layers[0].bytes
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_layer_of_half_a_gigabyte_needs_no_more_than_some_megabytes_of_memory() -> None:
    size = 1 << 29
    with subprocess.Popen(
        [sys.executable, "-c", MEMORY, str(size)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        _write_large_image(reader.stdin, size)
        reader.stdin.close()
        grown = int(reader.stdout.read())
    assert grown < 80, f"{grown} MB"


def _write_large_image(stream: IO[bytes], size: int) -> None:
    """A docker-archive whose one layer holds one file of zeros, without ever having it in memory."""
    info = tarfile.TarInfo("large")
    info.size = size
    head = info.tobuf()
    outer = tarfile.TarInfo("0/layer.tar")
    outer.size = len(head) + size + 1024
    stream.write(outer.tobuf() + head)
    for _ in range(size >> 20):
        stream.write(bytes(1 << 20))
    stream.write(bytes(1024))
    manifest = json.dumps([{"Config": "config.json", "Layers": ["0/layer.tar"]}]).encode()
    stream.write(as_tar({"config.json": b'{"config": {}}', "manifest.json": manifest}))
