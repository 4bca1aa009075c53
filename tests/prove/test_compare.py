"""Each thing that can differ between two images is seen, and nothing else is."""

import sqlite3
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from optimizer.prove.compare import Difference, compare
from optimizer.prove.databases import Package

from .archives import Member, elf, folder, layer, link, shot

FILE = Member("app/run", b"#!/bin/sh\n", 0o755)
STATUS = (
    b"Package: curl\nStatus: install ok installed\nVersion: 7.88\n\n"
    b"Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
)


def difference(before: Member, after: Member) -> Difference:
    return compare(shot(layer(before)), shot(layer(after)))


def test_the_same_image_has_no_difference() -> None:
    assert not difference(FILE, FILE)


def test_a_date_is_no_difference() -> None:
    first = layer(FILE)
    assert first.count(b"00000000000\x00") > 0
    with_date = layer(Member(FILE.path, FILE.content, FILE.mode, xattrs={}))
    assert not compare(shot(first), shot(with_date))


def test_the_cut_into_layers_is_no_difference() -> None:
    other = Member("etc/other", b"x")
    assert not compare(
        shot(layer(folder("app"), folder("etc"), FILE, other)),
        shot(layer(folder("etc"), other), layer(folder("app"), FILE)),
    )


def test_a_file_dropped_is_seen() -> None:
    assert [
        change.path for change in compare(shot(layer(folder("app"), FILE)), shot(layer(folder("app")))).removed
    ] == ["/app/run"]


def test_a_file_added_is_seen() -> None:
    assert [change.path for change in compare(shot(layer(folder("app"))), shot(layer(folder("app"), FILE))).added] == [
        "/app/run"
    ]


@pytest.mark.parametrize(
    ("after", "aspects"),
    [
        (Member("app/run", b"#!/bin/ash", 0o755), ("content",)),
        (Member("app/run", FILE.content, 0o4755), ("mode",)),
        (Member("app/run", FILE.content, 0o755, uid=1000), ("owner",)),
        (Member("app/run", FILE.content, 0o755, gid=1000), ("owner",)),
        (Member("app/run", FILE.content, 0o755, xattrs={"security.capability": "x"}), ("xattrs",)),
        (link("app/run", "/bin/true"), ("type",)),
        (Member("app/run", b"", 0o644), ("mode", "content")),
    ],
)
def test_a_file_changed_is_seen_with_its_aspects(after: Member, aspects: tuple[str, ...]) -> None:
    (change,) = difference(FILE, after).changed
    assert (change.path, change.aspects) == ("/app/run", aspects)


def test_a_link_to_elsewhere_is_seen() -> None:
    (change,) = difference(link("l", "a"), link("l", "b")).changed
    assert (change.aspects, change.before, change.after) == (("link",), "a", "b")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Env", ["A=1", "B=2"], ["A=1"]),
        ("Cmd", ["a"], ["a", "b"]),
        ("Entrypoint", None, ["a"]),
        ("User", "", "nobody"),
        ("WorkingDir", "/app", "/"),
        ("ExposedPorts", {"80/tcp": {}}, None),
        ("Volumes", {"/data": {}}, {}),
        ("Labels", {"a": "b"}, {"a": "c"}),
        ("Healthcheck", {"Test": ["CMD", "true"]}, None),
        ("StopSignal", "SIGQUIT", None),
        ("OnBuild", ["RUN a"], []),
        ("Shell", ["/bin/bash", "-c"], None),
    ],
)
def test_each_field_of_the_configuration_is_seen(name: str, before: Any, after: Any) -> None:
    (change,) = compare(shot(layer(FILE), settings={name: before}), shot(layer(FILE), settings={name: after})).settings
    assert change.name == name


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Env": ["A=1", "B=2"]}, {"Env": ["B=2", "A=1"]}),
        ({"WorkingDir": ""}, {"WorkingDir": "/"}),
        ({"Labels": None}, {"Labels": {}}),
        ({"Cmd": None}, {}),
        ({"Hostname": "x"}, {"Hostname": "y"}),
    ],
)
def test_two_ways_of_saying_the_same_are_no_difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    assert not compare(shot(layer(FILE), settings=before), shot(layer(FILE), settings=after))


def packages(*members: Member) -> list[Package]:
    return sorted(shot(layer(*members)).packages)


def test_installed_debian_packages_are_read_and_removed_ones_are_not() -> None:
    assert packages(Member("var/lib/dpkg/status", STATUS)) == [Package("dpkg", "curl", "7.88")]


def test_distroless_packages_are_read() -> None:
    member = Member("var/lib/dpkg/status.d/libc6", b"Package: libc6\nVersion: 2.36\n")
    assert packages(member, Member("var/lib/dpkg/status.d/libc6.md5sums", b"x  y\n")) == [
        Package("dpkg", "libc6", "2.36")
    ]


@pytest.mark.parametrize("path", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_alpine_packages_are_read(path: str) -> None:
    content = b"C:Q1\nP:musl\nV:1.2.5-r0\nF:lib\nR:libc.so\n\nP:zlib\nV:1.3-r0\n\n"
    assert packages(Member(path, content)) == [Package("apk", "musl", "1.2.5-r0"), Package("apk", "zlib", "1.3-r0")]


def test_rpm_packages_are_read(tmp_path: Path) -> None:
    data = b"bash\x005.2\x001.fc40\x00"
    rows = ((1000, 6, 0, 1), (1001, 6, 5, 1), (1002, 6, 9, 1))
    blob = struct.pack(">II", len(rows), len(data)) + b"".join(struct.pack(">IIiI", *row) for row in rows) + data
    file = tmp_path / "rpmdb.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
    connection.execute("INSERT INTO Packages VALUES (1, ?)", (blob,))
    connection.commit()
    connection.close()
    assert packages(Member("var/lib/rpm/rpmdb.sqlite", file.read_bytes())) == [Package("rpm", "bash", "5.2-1.fc40")]


def test_a_database_that_is_damaged_is_no_error() -> None:
    assert packages(Member("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\x00 and then nothing")) == []
    assert packages(Member("app/node_modules/a/package.json", b"{")) == []


def test_python_packages_are_read_wherever_they_are() -> None:
    metadata = b"Metadata-Version: 2.1\nName: Flask_Login\nVersion: 3.0\n\nName: not this\n"
    paths = (
        "usr/lib/python3/dist-packages/a.egg-info",
        "opt/venv/lib/python3.11/site-packages/flask_login-3.0.dist-info/METADATA",
    )
    for path in paths:
        assert packages(Member(path, metadata)) == [Package("pip", "flask-login", "3.0")]


def test_node_packages_are_read_and_files_inside_them_are_not() -> None:
    own = Member("app/node_modules/@scope/name/package.json", b'{"name": "@scope/name", "version": "1.0.0"}')
    inner = Member("app/node_modules/x/lib/package.json", b'{"name": "inner", "version": "9"}')
    assert packages(own, inner, Member("app/package.json", b'{"name": "app"}')) == [
        Package("npm", "@scope/name", "1.0.0")
    ]


def test_a_package_dropped_is_seen_with_the_paths_that_were_its() -> None:
    merged = (link("lib", "usr/lib"), Member("usr/lib/libcurl.so", b"x"))
    listed = Member("var/lib/dpkg/info/curl:amd64.list", b"/.\n/lib/libcurl.so\n/usr/bin/curl\n")
    found = compare(
        shot(layer(*merged, listed, Member("var/lib/dpkg/status", STATUS))),
        shot(layer(*merged, Member("var/lib/dpkg/status", b""))),
    )
    assert found.dropped == (Package("dpkg", "curl", "7.88"),)
    assert {"/usr/bin/curl", "/usr/lib/libcurl.so"} <= found.owned


def test_the_paths_of_an_alpine_package_are_known() -> None:
    content = (
        b"P:curl\nV:1\nF:usr\nF:usr/bin\nR:curl\na:0:0:755\nR:wcurl\nF:\nR:top\n\nP:musl\nV:1\nF:lib\nR:libc.so\n\n"
    )
    before, after = (
        shot(layer(Member("lib/apk/db/installed", text))) for text in (content, content[content.index(b"P:musl") :])
    )
    assert compare(before, after).owned == {"/usr", "/usr/bin", "/usr/bin/curl", "/usr/bin/wcurl", "", "/top"}


PROGRAM = Member("usr/bin/tool", elf(["libfoo.so.1"]), 0o755)
LIBRARY = Member("usr/lib/x86_64-linux-gnu/libfoo.so.1.2", elf())
LINK = link("usr/lib/x86_64-linux-gnu/libfoo.so.1", "libfoo.so.1.2")


def test_a_library_dropped_that_a_program_needs_is_missing() -> None:
    found = compare(shot(layer(PROGRAM, LIBRARY, LINK)), shot(layer(PROGRAM, LINK)))
    assert found.missing == (("/usr/bin/tool", "libfoo.so.1"),)


def test_a_program_that_moved_may_lack_what_it_lacked_and_no_more() -> None:
    moved = Member("opt/tool", elf(["libfoo.so.1"]), 0o755)
    assert not compare(shot(layer(PROGRAM)), shot(layer(moved))).missing
    other = Member("opt/tool", elf(["libfoo.so.1", "libbar.so.1"]), 0o755)
    assert len(compare(shot(layer(PROGRAM)), shot(layer(other))).missing) == 2
    assert compare(shot(layer(PROGRAM, LIBRARY, LINK)), shot(layer(moved))).missing == (("/opt/tool", "libfoo.so.1"),)


def test_a_library_that_was_missing_before_is_no_difference() -> None:
    assert not compare(shot(layer(PROGRAM)), shot(layer(PROGRAM))).missing


@pytest.mark.parametrize(
    "members",
    [
        (PROGRAM, LIBRARY, LINK),
        (PROGRAM, Member("lib/libfoo.so.1", elf())),
        (PROGRAM, link("lib", "usr/lib"), Member("usr/lib/x86_64-linux-gnu/libfoo.so.1", elf())),
        (Member("opt/a/bin/tool", elf(["libfoo.so.1"], "$ORIGIN/../lib")), Member("opt/a/lib/libfoo.so.1", elf())),
        (PROGRAM, Member("etc/ld.so.conf.d/a.conf", b"# ours\n/opt/lib\n"), Member("opt/lib/libfoo.so.1", elf())),
        (PROGRAM, Member("etc/ld-musl-x86_64.path", b"/opt/a:/opt/lib\n"), Member("opt/lib/libfoo.so.1", elf())),
    ],
)
def test_a_library_is_found_where_the_loader_looks(members: tuple[Member, ...]) -> None:
    assert shot(layer(*members)).missing == frozenset()


def test_a_library_is_found_by_the_environment() -> None:
    tree = layer(PROGRAM, Member("opt/lib/libfoo.so.1", elf()))
    assert shot(tree).missing
    assert not shot(tree, settings={"Env": ["LD_LIBRARY_PATH=/opt/lib"]}).missing


def test_a_library_of_another_class_does_not_count() -> None:
    assert shot(layer(PROGRAM, Member("lib/libfoo.so.1", elf(wide=False)))).missing


def test_a_damaged_program_is_no_error() -> None:
    whole = elf(["libfoo.so.1"])
    missed = shot(layer(Member("bin/tool", whole))).missing
    for length in range(4, len(whole)):
        assert shot(layer(Member("bin/tool", whole[:length]))).missing in (missed, type(missed)())


def test_links_that_lead_in_circles_end() -> None:
    assert shot(layer(PROGRAM, link("lib/libfoo.so.1", "libfoo.so.2"), link("lib/libfoo.so.2", "libfoo.so.1"))).missing
