"""Rust: what `cargo build` and `cargo install` make, and which libraries of the system their crates link to.

Sources: cargo reference (cargo targets, build cache, manifest); the build scripts of the -sys crates.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.facts.calls import Call
from optimizer.facts.stacks.site import Product, Site
from optimizer.facts.tables import toml_table

_VALUES = frozenset(
    "--bin --target --target-dir --manifest-path -p --package --root --path --profile --features -F -j --jobs --git"
    " --version --branch --tag --rev --example".split()
)
_CRATE = re.compile(r'^name = "([\w-]+)"', re.M)


def rust(site: Site, call: Call) -> tuple[Product, ...] | None:
    """What a call of cargo makes; None where it is none that makes programs."""
    words = [word for word in call.words if not word.text.startswith("+")]
    verb = words[1].literal if call.name == "cargo" and len(words) > 1 else None
    if verb not in ("build", "b", "install"):
        return None
    options = _options(site, call)
    folder = site.path(options.get("--path", "")) if verb == "install" and "--path" in options else site.folder
    if "--manifest-path" in options:
        folder = posixpath.dirname(site.path(options["--manifest-path"]) or "") or None
    if folder is None or (verb == "install" and "--path" not in options):
        raise site.unknown("which project `cargo` builds is not known")
    folder = folder.rstrip("/") or "/"
    names = [options["--bin"]] if "--bin" in options else list(_programs(site, folder))
    if not names:
        raise site.unknown("which programs `cargo` makes is not known: no `Cargo.toml` is seen that names one")
    place = _place(site, call, options, folder, verb)
    libc = _libc(site, options)
    libraries = () if libc == "none" else _libraries(site, folder)
    return tuple(Product(posixpath.join(place, name), libc, True, libraries) for name in names)


def _options(site: Site, call: Call) -> dict[str, str]:
    found: dict[str, str] = {}
    words = iter(call.words[2:])
    for word in words:
        name, equals, value = word.text.partition("=")
        if name in _VALUES and not equals:
            follows = next(words, None)
            value = (site.value(follows) if follows is not None else None) or ""
            if not value and name not in ("--features", "-F", "-j", "--jobs"):
                raise site.unknown(f"what `{name}` of `cargo` names is not known")
        found[name] = value
    return found


def _place(site: Site, call: Call, options: Mapping[str, str], folder: str, verb: str) -> str:
    """The folder that the programs are put in. Raises Unknown."""
    if verb == "install":
        root = options.get("--root") or site.setting(call, "CARGO_INSTALL_ROOT") or site.setting(call, "CARGO_HOME")
        path = site.path(root or "")
        if path is None:
            raise site.unknown("where `cargo install` puts the program is not known")
        return posixpath.join(path, "bin")
    target = options.get("--target-dir") or site.setting(call, "CARGO_TARGET_DIR")
    base = site.path(target) if target else posixpath.join(_workspace(site, folder), "target")
    if base is None:
        raise site.unknown("where `cargo build` puts the program is not known")
    profile = options.get("--profile", "release" if "--release" in options or "-r" in options else "debug")
    return posixpath.join(base, options.get("--target", ""), profile)


def _workspace(site: Site, folder: str) -> str:
    """The folder of the workspace that the project belongs to."""
    at = folder
    while at != "/":
        if "workspace" in _manifest(site, at):
            return at
        at = posixpath.dirname(at)
    return folder


def _manifest(site: Site, folder: str) -> Mapping[str, Any]:
    return toml_table(site.content(posixpath.join(folder, "Cargo.toml")) or "") or {}


def _programs(site: Site, folder: str) -> Iterator[str]:
    """The names of the programs of a project, and of the members of a workspace."""
    manifest = _manifest(site, folder)
    named = [one.get("name", "") for one in manifest.get("bin", ()) if isinstance(one, dict)]
    yield from (name for name in named if name)
    files = site.ground.files
    package = manifest.get("package", {}).get("name")
    if package and not named and posixpath.join(folder, "src/main.rs") in files:
        yield package
    more = re.compile(re.escape(folder.rstrip("/")) + r"/src/bin/([\w-]+)(?:\.rs|/main\.rs)")
    yield from (match[1] for path in sorted(files) if (match := more.fullmatch(path)) and match[1] not in named)
    for member in manifest.get("workspace", {}).get("members", ()):
        if "*" in member:
            raise site.unknown("the members of the workspace are not named")
        if posixpath.normpath(member) != ".":
            yield from _programs(site, posixpath.normpath(posixpath.join(folder, member)))


def _libc(site: Site, options: Mapping[str, str]) -> str:
    """A target of musl is linked to nothing; else libgcc comes along with the C library."""
    if "musl" in options.get("--target", ""):
        return "none"
    return "musl" if site.system_libc == "musl" else "cc"


def _libraries(site: Site, folder: str) -> tuple[str, ...]:
    """The development packages whose libraries the crates link to. Raises Unknown for a crate that is not known."""
    text = next((t for at in (folder, _workspace(site, folder)) if (t := site.content(f"{at}/Cargo.lock"))), None)
    if text is None:
        if _manifest(site, folder).get("dependencies"):
            raise site.unknown("which libraries its crates link to is not seen: there is no `Cargo.lock`")
        return ()
    rows = site.stack.libraries
    crates = [name for name in _CRATE.findall(text) if name.endswith(("-sys", "_sys")) or name in rows]
    if strange := next((name for name in crates if name not in rows), None):
        raise site.unknown(f"which library the crate `{strange}` links to is not known")
    if "openssl-src" in text:
        crates = [name for name in crates if name != "openssl-sys"]
    return tuple(dict.fromkeys(rows[name] for name in crates if rows[name]))
