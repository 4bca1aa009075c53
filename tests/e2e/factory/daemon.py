"""A Docker daemon of our own: fetched from a newer Debian suite, run from the cache folder, nothing installed."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import apt
from .place import FactoryError, Place

SUITES = ("forky", "trixie")
"""Tried in this order: Docker 28 with a BuildKit that knows heredocs and COPY --exclude, then Docker 26."""

FLAGS = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false")
"""No network of its own, so builds need `--network=host`; in return it changes nothing on the machine."""

CONFIGURATION = {
    "features": {"containerd-snapshotter": False},
    "builder": {"gc": {"enabled": True, "defaultKeepStorage": "8GB"}},
}
"""The plain image store, whose archives are not compressed; a build cache that does not grow for ever."""

_started: "list[subprocess.Popen[bytes]]" = []
"""The daemons that this process has started; they are its children, and stay in the table of processes till asked."""


def fetch(place: Place) -> None:
    """Unpack Docker in the cache folder, unless it is there."""
    if (place.docker / ".complete").exists():
        return
    problems = []
    for suite in SUITES:
        shutil.rmtree(place.docker, ignore_errors=True)
        wanted = dict.fromkeys(("docker.io", "docker-cli", "docker-buildx", "containerd"), suite)
        try:
            # Debian 12's runc: a newer one may need a newer C library than this machine has.
            apt.unpack({**wanted, "runc": apt.CODENAME, "tini": apt.CODENAME}, suite, place.docker)
            version = apt.run(["dockerd", "--version"], environment=place.environment).strip()
        except FactoryError as problem:
            problems.append(f"{suite}: {problem}")
            continue
        (place.docker / ".complete").write_text(f"{suite}: {version}\n")
        return
    raise FactoryError("Docker could not be had from Debian:\n" + "\n".join(problems))


def answers(place: Place) -> bool:
    """Whether the daemon runs and answers."""
    if not place.socket.exists():
        return False
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(command, env=place.environment, capture_output=True, timeout=30).returncode == 0


def start(place: Place, *, patience: float = 60) -> None:
    """Start the daemon, unless it answers; it outlives this process until `stop`."""
    if answers(place):
        return
    if os.geteuid() != 0:
        raise FactoryError("the daemon of the factory needs root")
    for folder in (place.run, place.data, place.root / "config" / "cli-plugins"):
        folder.mkdir(parents=True, exist_ok=True)
    plugin = place.root / "config" / "cli-plugins" / "docker-buildx"
    plugin.unlink(missing_ok=True)
    plugin.symlink_to(place.docker / "usr/libexec/docker/cli-plugins/docker-buildx")
    (place.root / "config" / "config.json").write_text("{}\n")  # Podman fails where DOCKER_CONFIG has none.
    configuration = place.root / "daemon.json"
    configuration.write_text(json.dumps(CONFIGURATION))
    (place.run / "docker.pid").unlink(missing_ok=True)
    command = [
        "dockerd",
        f"--config-file={configuration}",
        f"--host=unix://{place.socket}",
        f"--pidfile={place.run}/docker.pid",
        f"--exec-root={place.run}/exec",
        f"--data-root={place.data}",
        *FLAGS,
    ]
    with (place.run / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=place.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    _started.append(process)
    _wait(place, process, patience)


def _wait(place: Place, process: "subprocess.Popen[bytes]", patience: float) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if answers(place):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    tail = (place.run / "dockerd.log").read_text(errors="replace").splitlines()[-10:]
    raise FactoryError("the daemon did not start; the end of its log:\n" + "\n".join(tail))


def stop(place: Place, *, patience: float = 30) -> None:
    """Stop the daemon, if it runs; images and build cache stay."""
    pidfile = place.run / "docker.pid"
    if not pidfile.exists():
        return
    pid = int(pidfile.read_text())
    name = Path(f"/proc/{pid}/comm")
    if not name.exists() or name.read_text().strip() != "dockerd":
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while name.exists():
        if time.monotonic() > deadline:
            raise FactoryError(f"the daemon (process {pid}) did not stop within {patience:.0f} s")
        for child in _started:
            child.poll()
        time.sleep(0.1)
    for name_space in (place.run / "exec" / "netns").glob("*"):
        # The daemon leaves the name space of the host's network mounted.
        subprocess.run(["umount", name_space], stderr=subprocess.DEVNULL)
