"""What a COPY takes out of a context, and where it lands."""

import bz2
import gzip
import io
import lzma
import tarfile

import pytest

from optimizer import parse
from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.facts.context.archives import is_archive
from optimizer.facts.context.disk import listed
from optimizer.facts.context.taken import Absent, placed, taken

PATHS = """
Dockerfile README.md app.py package.json package-lock.json arr[0].cfg
src/main.c src/main.h src/lib/a.c src/lib/b.txt src/lib/deep/c.txt docs/a.md docs/deep/b.md
"""
LINKS = {
    "current": "src/lib",
    "latest.md": "docs/a.md",
    "root": "/docs",
    "broken": "nowhere",
    "loop": "loop",
    "docs/up": "..",
}
TREE = Given(dict.fromkeys(PATHS.split(), b""), LINKS)


def copy_of(text):
    facts = Facts(parse(f"FROM scratch\nWORKDIR /app\n{text}\n"))
    (found,) = facts.copies.values()
    return found


def lands(text, context=TREE):
    """`path in the context -> path in the image`, with `?` where it may be a folder; or what is said instead."""
    found = placed(copy_of(text), context)
    if found is None or isinstance(found, Absent):
        return found
    return [f"{one.file.path} -> {one.path}{'' if one.sure else '?'}" for one in found]


def names(text, context=TREE):
    found = taken(copy_of(text), context)
    return found if found is None or isinstance(found, Absent) else [file.path for file in found]


LIB = ["src/lib/a.c -> /x/a.c", "src/lib/b.txt -> /x/b.txt", "src/lib/deep/c.txt -> /x/deep/c.txt"]
KEPT = [line.replace("/x/", "/x/src/lib/") for line in LIB]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY app.py ./", ["app.py -> /app/app.py"]),
        ("COPY app.py .", ["app.py -> /app/app.py"]),
        ("COPY app.py /main.py", ["app.py -> /main.py?"]),
        ("COPY app.py /", ["app.py -> /app.py"]),
        ("COPY ./app.py /x/", ["app.py -> /x/app.py"]),
        ("COPY /app.py /x/", ["app.py -> /x/app.py"]),
        ("COPY ../../app.py /x/", ["app.py -> /x/app.py"]),
        ("COPY app.py README.md /x/", ["app.py -> /x/app.py", "README.md -> /x/README.md"]),
        ("COPY src/lib /x", LIB),
        ("COPY src/lib/ /x/", LIB),
        ("COPY package*.json ./", ["package-lock.json -> /app/package-lock.json", "package.json -> /app/package.json"]),
        ("COPY src/*.c /x/", ["src/main.c -> /x/main.c"]),
        ("COPY src/l* /x/", LIB),
        ("COPY */*.md /x/", ["docs/a.md -> /x/a.md"]),
        ("COPY **/b.md /x/", []),
        ("COPY *.nothing /x/", []),
        ("COPY arr[[]0].cfg /x/", ["arr[0].cfg -> /x/arr[0].cfg"]),
        ('COPY ["app.py", "/with space/"]', ["app.py -> /with space/app.py"]),
        ("COPY latest.md /x/", ["docs/a.md -> /x/latest.md"]),
        ("COPY current/b.txt /x/", ["src/lib/b.txt -> /x/b.txt"]),
        ("COPY current/*.txt /x/", ["src/lib/b.txt -> /x/b.txt"]),
        ("COPY root/deep /x/", ["docs/deep/b.md -> /x/b.md"]),
        ("COPY docs /x/", ["docs/a.md -> /x/a.md", "docs/deep/b.md -> /x/deep/b.md", "docs/up -> /x/up"]),
        ("COPY docs/up/app.py /x/", ["app.py -> /x/app.py"]),
        ("COPY --exclude=*.md --exclude=up docs /x/", ["docs/deep/b.md -> /x/deep/b.md"]),
        ("COPY --exclude=**/*.md docs /x/", ["docs/up -> /x/up"]),
        ("COPY --exclude=* --exclude=!deep/b.md docs /x/", ["docs/deep/b.md -> /x/deep/b.md"]),
        ("COPY --parents src/lib/a.c docs/a.md /x/", ["src/lib/a.c -> /x/src/lib/a.c", "docs/a.md -> /x/docs/a.md"]),
        ("COPY --parents src/./lib/a.c /x/", ["src/lib/a.c -> /x/lib/a.c"]),
        ("COPY --parents **/*.txt /x/", KEPT[1:]),
        ("COPY --parents src/./**/c.txt /x/", ["src/lib/deep/c.txt -> /x/lib/deep/c.txt"]),
        ("COPY --parents src/lib /x/", KEPT),
        ("COPY --parents --exclude=**/deep src/lib /x/", KEPT[:2]),
        ("COPY --parents *.nothing /x/", []),
    ],
)  # fmt: skip
def test_what_a_copy_takes_lands_where_buildkit_puts_it(text, expected):
    assert lands(text) == expected


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("COPY absent /x/", "absent"),
        ("COPY app.py absent /x/", "absent"),
        ("COPY absent/*.c /x/", "absent/*.c"),
        ("COPY broken /x/", "broken"),
        ("COPY app.py/x /x/", "app.py/x"),
        ("COPY --parents src/absent /x/", "src/absent"),
        ("COPY --parents absent/./x /x/", "absent/./x"),
    ],
)
def test_a_source_that_is_not_there_fails_the_build(text, source):
    assert taken(copy_of(text), TREE) == Absent(source)


@pytest.mark.parametrize(
    "text",
    [
        "COPY --from=build app.py /x/",
        "ARG NAME=app.py\nCOPY $NAME /x/",
        "COPY $UNSET /x/",
        "ADD https://example.org/app.py /x/",
        r"COPY src\\main.c /x/",
        "COPY loop /x/",
        "COPY [a /x/",
        "COPY --parents . /x/",
        "COPY --parents s*/./lib /x/",
        "COPY --exclude=*.md README.md /x/",
        "COPY --exclude=[ src /x/",
    ],
)
def test_not_known(text):
    assert taken(copy_of(text), TREE) is None


def test_what_is_taken_is_known_where_its_destination_is_not():
    assert names("ARG FOLDER\nCOPY app.py $FOLDER") == ["app.py"]
    assert lands("ARG FOLDER\nCOPY app.py $FOLDER") is None


def test_each_file_is_taken_once():
    assert names("COPY . docs/a.md app.py ./").count("app.py") == 1
    assert set(names("COPY . /x/")) == set(TREE.files)


def test_an_empty_folder_is_a_source(tmp_path):
    (tmp_path / "empty").mkdir()
    assert names("COPY empty /x/", listed(tmp_path)) == []
    assert names("COPY --parents empty /x/", listed(tmp_path)) == []


def tar(content=b"x"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("file")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


ARCHIVES = Given(
    {
        "plain": tar(), "gzip": gzip.compress(tar()), "bzip2": bz2.compress(tar()), "xz": lzma.compress(tar()),
        "big": gzip.compress(tar(bytes(3_000_000)), 0), "text": b"x" * 2000, "empty": b"", "zeros": bytes(1024),
        "gzipped-text": gzip.compress(b"x" * 2000), "cut": gzip.compress(tar())[:20], "short.tar": b"x",
        "zip": b"PK\x03\x04" + bytes(600), "zstd": b"\x28\xb5\x2f\xfd" + bytes(600), "broken": b"BZh" + b"x" * 600,
    }
)  # fmt: skip


def test_archives_are_known_by_what_is_in_them():
    found = {path: is_archive(ARCHIVES, path) for path in ARCHIVES.files}
    assert found == dict.fromkeys(ARCHIVES.files, False) | dict.fromkeys(
        ["plain", "gzip", "bzip2", "xz", "big"], True
    ) | {"zstd": None}
    assert is_archive(ARCHIVES, "absent") is False


@pytest.mark.parametrize(
    ("text", "unpacked"),
    [
        ("ADD gzip /x/", True),
        ("ADD --unpack=false gzip /x/", False),
        ("COPY gzip /x/", False),
        ("ADD text /x/", False),
        ("ADD zstd /x/", True),
        ("ADD . /x/", False),
    ],
)
def test_add_unpacks_archives_that_it_names(text, unpacked):
    assert any(one.unpacked for one in placed(copy_of(text), ARCHIVES)) is unpacked


def test_a_folder_that_a_workdir_entered_is_one() -> None:
    given = Given({"requirements.txt": b""})
    for head, path in (
        ("WORKDIR /code\n", "/code/requirements.txt"),
        ("WORKDIR /code/x\n", "/code/requirements.txt"),
        ("WORKDIR /codex\n", None),
        ("", None),
    ):
        facts = Facts(parse(f"FROM debian\n{head}COPY requirements.txt /code\n"), given)
        copy = next(iter(facts.copies.values()))
        assert facts.placed(copy) == ({path: "requirements.txt"} if path else None)
