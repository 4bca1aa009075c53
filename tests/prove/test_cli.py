"""`dockopt prove`, `dockopt fix --prove` and `dockopt image`, with a builder that takes its images from a shelf."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from optimizer import optimize
from optimizer.cli import main
from optimizer.cli.errors import UsageError
from optimizer.cli.fix import Options, fix_all
from optimizer.cli.image import ImageOptions, analyze_image
from optimizer.cli.prove import ProveOptions, prove_all
from optimizer.cli.prover import ProofWishes, Prover
from optimizer.prove.builders import Builder
from optimizer.prove.errors import ArchiveError, BuilderMissing
from optimizer.prove.ignoring import ignore_text

from .archives import Member, docker_archive, folder, layer
from .shelf import Shelf

BEFORE = "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl\nCOPY . /app\n"
AFTER = optimize(BEFORE).after
UNCHANGED = "FROM scratch\nCOPY . /app\n"
LISTS = Member("var/lib/apt/lists/deb_Packages", b"2" * 1000)
BASE = (folder("app"), folder("var/lib/apt/lists"), Member("app/main", b"1"))
FULL = docker_archive([layer(*BASE, LISTS)])
CLEANED = docker_archive([layer(*BASE)])
LOST = docker_archive([layer(folder("app"), folder("var/lib/apt/lists"))])


def missing(name: str | None) -> Builder:
    raise BuilderMissing(f"no builder works here, {name}; install one")


def finds(shelf: Shelf) -> Callable[[str | None], Builder]:
    return lambda name: shelf


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a Dockerfile that dockopt changes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(BEFORE)
    return tmp_path


def proving(
    find: Callable[[str | None], Builder],
    *paths: str,
    form: str = "text",
    wishes: ProofWishes | None = None,
) -> int:
    return prove_all(paths or (".",), ProveOptions(False, (), (), form, wishes or ProofWishes()), find)


def honest() -> Shelf:
    return Shelf({BEFORE: [FULL], AFTER: [CLEANED]})


def lying() -> Shelf:
    return Shelf({BEFORE: [FULL], AFTER: [LOST]})


def test_a_rewrite_is_proved(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert proving(finds(honest())) == 0
    assert capsys.readouterr().out.startswith("Dockerfile: proved: nothing was lost (1 difference, all declared)\n")
    assert (place / "Dockerfile").read_text() == BEFORE


def test_what_is_lost_is_told_with_the_transform(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert proving(finds(lying())) == 4
    assert "clean-in-same-layer:\n  removed /app/main\n" in capsys.readouterr().out


PACKAGES = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"


def test_the_build_context_is_the_one_that_fix_finds(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("package.json", "package-lock.json"):
        (place / name).write_text("{}")
    (place / "docker").mkdir()
    (place / "Dockerfile").rename(place / "docker/Dockerfile")
    (place / "docker/Dockerfile").write_text(PACKAGES.replace("COPY . .", "COPY package-lock.json ./\nCOPY . ."))
    (place / ".git").mkdir()
    (place / "node_modules/left").mkdir(parents=True)
    (place / "node_modules/left/index.js").write_text("")
    before = (place / "docker/Dockerfile").read_text()
    after = "FROM node:22-slim\nWORKDIR /app\nCOPY package-lock.json ./\nCOPY package.json ./\nRUN npm ci\nCOPY . .\n"
    shelf = Shelf({before: [FULL], f"{after} less **/node_modules\n": [FULL]})
    assert proving(finds(shelf)) == 0
    assert "docker/Dockerfile: proved: nothing was lost" in capsys.readouterr().out
    assert not (place / ".dockerignore").exists()
    assert all("package.json" in seen for seen in shelf.contexts)


def test_nothing_is_built_where_nothing_changes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "Dockerfile").write_text(UNCHANGED)
    assert proving(missing) == 0
    assert capsys.readouterr().out == "Dockerfile: nothing to prove: dockopt leaves it as it is\n"


def test_without_a_builder_it_says_what_to_install(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert proving(missing, wishes=ProofWishes(builder="podman")) == 4
    assert capsys.readouterr().err == "dockopt: no builder works here, podman; install one\n"


def test_an_original_that_does_not_build_is_no_proof_and_the_others_go_on(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = BEFORE.replace("curl", "git")
    (place / "b.Dockerfile").write_text(other)
    shelf = Shelf({other: [FULL], optimize(other).after: [CLEANED]})
    assert proving(finds(shelf)) == 4
    out = capsys.readouterr().out
    assert "Dockerfile: no proof: it does not build as it is: cannot build FROM debian:12" in out
    assert "b.Dockerfile: proved: " in out


def test_the_json_has_all_files(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "a.Dockerfile").write_text(UNCHANGED)
    (place / "b.Dockerfile").write_text("FROM debian:12\nCOPY everything\n")
    assert proving(finds(honest()), form="json") == 2
    out, err = capsys.readouterr()
    rows = json.loads(out)
    assert [(row["path"], row["outcome"]) for row in rows] == [("Dockerfile", "proved"), ("a.Dockerfile", "unchanged")]
    assert rows[0]["proof"]["allowed"] == [
        {"difference": "removed /var/lib/apt/lists/deb_Packages", "by": "clean-in-same-layer"}
    ]
    assert err.startswith("b.Dockerfile:2: ")


def test_the_markdown_has_a_heading_a_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert proving(finds(honest()), form="markdown") == 0
    assert capsys.readouterr().out.startswith("### Dockerfile\n\n**proved: nothing was lost")


def test_the_json_is_whole_without_a_builder(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert proving(missing, form="json") == 4
    assert json.loads(capsys.readouterr().out) == []


def test_a_command_is_run_in_both(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shelf = honest()
    shelf.statuses = {AFTER: 1}
    assert proving(finds(shelf), wishes=ProofWishes(command="main --version")) == 4
    assert "smoke run `main --version`: before: exit status 0, after: exit status 1" in capsys.readouterr().out


def test_a_source_file_is_touched_for_a_rebuild(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "main.py").write_text("print()\n")
    assert proving(finds(honest()), wishes=ProofWishes(touch="main.py")) == 0
    assert "rebuild, main.py" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        (ProofWishes(command="a", probe="http://x"), "--run and --probe exclude each other"),
        (ProofWishes(probe="localhost:80"), "--probe: `localhost:80` is no http or https address"),
        (ProofWishes(timeout=0), "--timeout is a number of seconds above 0"),
        (ProofWishes(context=Path("absent")), "--context: there is no folder `absent`"),
        (ProofWishes(command="'"), "--run: `'` cannot be read: No closing quotation"),
        (ProofWishes(build_args=("=1",)), "--build-arg: `=1` is not NAME=VALUE, and no variable of the environment"),
    ],
)
def test_options_that_are_off_are_told_before_anything_is_built(place: Path, wishes: ProofWishes, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message.replace('(', '[(]')}$".replace("`", ".")):
        proving(missing, wishes=wishes)


@pytest.mark.parametrize(("paths", "form"), [(("-",), "text"), ((".",), "xml")])
def test_what_cannot_be_asked_for_is_told(place: Path, paths: Sequence[str], form: str) -> None:
    with pytest.raises(UsageError):
        proving(missing, *paths, form=form)


def test_what_the_builder_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t")
    monkeypatch.setenv("DOCKOPT_BUILD_NETWORK", "host")
    wishes = ProofWishes(None, None, 5, ("A=1=2", "TOKEN"), "final", ("id=s",), "linux/arm64", rebuild=True)
    options = wishes.options()
    build = options.build
    assert build.build_args == {"A": "1=2", "TOKEN": "t"}
    assert (build.target, build.secrets, build.platform, build.timeout) == ("final", ("id=s",), "linux/arm64", 5)
    assert build.network == "host"
    assert options.rebuild


def test_the_ignore_file_of_the_dockerfile_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "api.Dockerfile"
    assert ignore_text(path, tmp_path) is None
    (tmp_path / "Dockerfile.dockerignore").write_text("of another one\n")
    assert ignore_text(path, tmp_path) == ""
    (tmp_path / ".dockerignore").write_text("of all\n")
    assert ignore_text(path, tmp_path) == "of all\n"
    (tmp_path / "api.Dockerfile.dockerignore").write_text("its own\n")
    assert ignore_text(path, tmp_path) == "its own\n"


def fixing(shelf: Shelf, *, write: bool = True) -> int:
    options = Options(write, False, False, (), (), False, None)
    return fix_all((".",), options, Prover(ProofWishes(), finds(shelf)))


def test_fix_writes_what_is_proved(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fixing(honest()) == 0
    assert (place / "Dockerfile").read_text() == AFTER
    assert "Dockerfile: proved: nothing was lost (1 difference, all declared)\n" in capsys.readouterr().err


def test_fix_does_not_write_what_is_not_proved(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fixing(lying()) == 4
    assert (place / "Dockerfile").read_text() == BEFORE
    err = capsys.readouterr().err
    assert "Dockerfile:   removed /app/main\n" in err
    assert err.endswith("0 changes made in 0 of 1 file\n1 file not proved, and left as before\n")


def test_fix_does_not_write_what_does_not_build(place: Path) -> None:
    assert fixing(Shelf({})) == 4
    assert (place / "Dockerfile").read_text() == BEFORE


def test_fix_shows_what_is_not_proved(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fixing(lying(), write=False) == 4
    out, err = capsys.readouterr()
    assert "+RUN apt-get update" in out
    assert err.endswith("1 file not proved\n")


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(list(words))
    assert isinstance(end.value.code, int)
    return end.value.code


def test_build_options_of_fix_go_with_prove(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fix", "--build-arg", "A=1") == 2
    assert capsys.readouterr().err == "dockopt: the options for builds go with --prove\n"


def test_an_unknown_builder_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("prove",), ("fix", "--prove"), ("image", "x:1")):
        assert run(*words, "--builder", "kaniko") == 4
        assert "there is no builder `kaniko`; known are docker, podman, buildah" in capsys.readouterr().err


WASTEFUL = docker_archive(
    [
        layer(*BASE, LISTS, Member("root/.cache/pip/http/a", b"3" * 200), Member("src", b"4" * 300)),
        layer(Member(".wh.src")),
    ],
    history=["RUN /bin/sh -c apt-get update", "RUN /bin/sh -c rm /src"],
)


def test_an_image_is_shown_with_what_would_mend_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "image.tar"
    archive.write_bytes(WASTEFUL)
    assert run("image", str(archive)) == 0
    out = capsys.readouterr().out
    assert "efficiency 80.0%" in out
    assert "0.3 kB in 1 file, written by `RUN apt-get update`,\n  deleted by `RUN rm /src`\n  mended by merge" in out
    assert [line.split()[-1] for line in out.splitlines() if "mended by" in line] == [
        "clean-in-same-layer",
        "merge-cleanup-run",
        "no-cache-flag",
    ]


def test_an_image_comes_from_the_builder_or_from_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf = Shelf({"x": [WASTEFUL]})
    shelf.tags["app:1"] = "x"
    options = ImageOptions(None, None, "json")
    analyze_image("app:1", options, finds(shelf))
    first = capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WASTEFUL)))
    analyze_image("-", options, missing)
    assert capsys.readouterr().out == first
    groups = json.loads(first)["groups"]
    assert [group["transform"] for group in groups] == ["clean-in-same-layer", "merge-cleanup-run", "no-cache-flag"]


def test_an_image_that_is_not_there_is_told(tmp_path: Path) -> None:
    options = ImageOptions(None, None, "text")
    with pytest.raises(ArchiveError, match="there is no image archive"):
        analyze_image(str(tmp_path / "absent.tar"), options, missing)
    with pytest.raises(BuilderMissing, match="there is no file `app:1`, and no builder to ask"):
        analyze_image("app:1", options, missing)
    with pytest.raises(UsageError, match="--format is text or json"):
        analyze_image("app:1", ImageOptions(None, None, "xml"), missing)


def test_an_interruption_ends_with_the_code_of_its_signal() -> None:
    program = (
        "import signal, sys\n"
        "from optimizer.cli.commands.messages import Messages\n"
        "from optimizer.prove.process import Interrupted\n"
        "import typer\n"
        "try:\n"
        "    with Messages():\n"
        "        raise Interrupted(signal.SIGTERM)\n"
        "except typer.Exit as end:\n"
        "    sys.exit(end.exit_code)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=dict(os.environ))
    assert (ended.returncode, ended.stderr) == (143, "dockopt: interrupted; nothing is left behind\n")


def test_fix_and_the_version_import_nothing_of_the_proof() -> None:
    program = (
        "import sys\nfrom optimizer.cli import main\n"
        "try:\n    main(['fix', '/dev/null'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(any(name.startswith('optimizer.prove') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0
