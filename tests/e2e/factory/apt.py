"""Debian packages: the mirror is the one that this machine's own apt uses, and it is never written into the project."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct

from .place import FactoryError

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
CODENAME = "bookworm"
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


class Mirror(Struct, frozen=True):
    """The two archives of Debian that this machine uses."""

    main: str
    security: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The sources of Debian 12, as the official base image has them."""
        return (
            f"deb {self.main} {CODENAME} main",
            f"deb {self.main} {CODENAME}-updates main",
            f"deb {self.security} {CODENAME}-security main",
        )


def run(command: Sequence[str | Path], *, folder: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """The standard output of a command; its last words where it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, **QUIET, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        start_new_session=True,  # mmdebstrap kills its whole process group when it fails
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise FactoryError(f"`{' '.join(map(str, command[:6]))}` failed with status {done.returncode}:\n{last}")
    return done.stdout


@cache
def update() -> None:
    """Fetch the package lists of this machine, once a run."""
    run(["apt-get", "-q", "update"])


@cache
def find_mirror() -> Mirror:
    """The archives named in this machine's apt sources, whatever format they are written in."""
    if shutil.which("apt-get") is None:
        raise FactoryError("the factory needs a Debian machine: there is no `apt-get` here")
    targets = _targets()
    if CODENAME not in targets:
        update()
        targets = _targets()
    if CODENAME not in targets:
        raise FactoryError(
            f"the apt sources of this machine do not name Debian {CODENAME}; the factory is made for Debian 12"
        )
    return Mirror(targets[CODENAME], targets.get(f"{CODENAME}-security", targets[CODENAME]))


def _targets() -> dict[str, str]:
    rows = run(["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"]).splitlines()
    return dict(row.split(" ", 1) for row in rows if " " in row)


def install(tools: dict[str, str]) -> None:
    """Install the packages of the programs that are not on the PATH; `tools` maps program to package."""
    missing = sorted({package for program, package in tools.items() if shutil.which(program, path=_path()) is None})
    if not missing:
        return
    if os.geteuid() != 0:
        raise FactoryError(f"these Debian packages are missing, and only root can install them: {' '.join(missing)}")
    update()
    run(["apt-get", "-q", "install", "-y", "--no-install-recommends", *missing])


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def unpack(packages: dict[str, str], suite: str, folder: Path) -> None:
    """Download packages (name to suite) with apt's own client and unpack them in a folder; nothing is installed."""
    mirror = find_mirror()
    state = folder / ".apt"
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (state / name).mkdir(parents=True, exist_ok=True)
    lines = (f"deb {mirror.main} {suite} main", *mirror.lines)
    (state / "sources.list").write_text(
        "".join(line.replace("deb ", f"deb [signed-by={KEYRING}] ", 1) + "\n" for line in lines)
    )
    (state / "status").touch()
    options = {
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    client = ["apt-get", "-q", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    run([*client, "update"])
    run([*client, "download", *(f"{name}/{suite}" for name, suite in packages.items())], folder=state / "debs")
    for archive in sorted((state / "debs").glob("*.deb")):
        run(["dpkg-deb", "-x", archive, folder])
    shutil.rmtree(state)
