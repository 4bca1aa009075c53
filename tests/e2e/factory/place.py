"""Where the factory keeps everything, and the environment that leads a Docker client to its daemon."""

import os
from pathlib import Path

from msgspec import Struct

SOCKET_LIMIT = 100
"""Linux allows a socket path 107 bytes; containerd's sockets below `run` are longer than ours by a few."""


class FactoryError(Exception):
    """What the machine lacks, or what failed, in words for the person who ran the factory."""


class Place(Struct, frozen=True):
    """The cache folder; everything that the factory makes is below it."""

    root: Path

    @property
    def docker(self) -> Path:
        """Docker's Debian packages, unpacked."""
        return self.root / "docker"

    @property
    def run(self) -> Path:
        """Socket, process id and log of the daemon."""
        return self.root / "run"

    @property
    def data(self) -> Path:
        """Images and build cache of the daemon."""
        return self.root / "data"

    @property
    def contexts(self) -> Path:
        """Build contexts of the recipes."""
        return self.root / "contexts"

    @property
    def socket(self) -> Path:
        return self.run / "docker.sock"

    @property
    def variables(self) -> dict[str, str]:
        """What a Docker client needs in its environment, and `dockopt prove` without a network bridge."""
        programs = f"{self.docker}/usr/sbin:{self.docker}/usr/bin"
        rest = [entry for entry in os.environ.get("PATH", "").split(":") if not entry.startswith(str(self.docker))]
        return {
            "PATH": ":".join([programs, *rest]),
            "DOCKER_HOST": f"unix://{self.socket}",
            "DOCKER_CONFIG": str(self.root / "config"),
            "DOCKOPT_BUILD_NETWORK": "host",
            "DOCKOPT_DROP_SYNTAX": "1",
        }

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command that talks to the daemon."""
        return {**os.environ, **self.variables}


def find_place() -> Place:
    """The cache folder: `DOCKOPT_E2E_CACHE`, else `~/.cache/dockopt-e2e`."""
    root = Path(os.environ.get("DOCKOPT_E2E_CACHE") or Path.home() / ".cache" / "dockopt-e2e").expanduser().absolute()
    if len(str(root / "run" / "docker.sock")) > SOCKET_LIMIT:
        raise FactoryError(
            f"the path of the cache folder is too long for a socket: `{root}`; set DOCKOPT_E2E_CACHE to a shorter one"
        )
    return Place(root)
