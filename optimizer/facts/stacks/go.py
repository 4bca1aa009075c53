"""Go: what `go build`, `go install` and the old `go get` make, and what it is linked to.

Sources: go help build, install, buildmode; cmd/go's naming of executables; net and os/user (cgo).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from optimizer.facts.calls import Call
from optimizer.facts.stacks.site import Product, Site

_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.M)
_MAJOR = re.compile(r"v[0-9]+")
_VALUES = ("-o", "-ldflags", "-tags", "-gcflags", "-asmflags", "-mod", "-p", "-buildmode", "-installsuffix", "-C")
_SHARED = ("plugin", "shared", "c-shared", "c-archive", "archive")


def go(site: Site, call: Call) -> tuple[Product, ...] | None:
    """What a call of go makes; None where it is none that makes programs."""
    verb = call.words[1].literal if call.name == "go" and len(call.words) > 1 else None
    if verb not in ("build", "install", "get"):
        return None
    options, packages = _split(site, call)
    if any(f"-buildmode={mode}" in options or options.get("-buildmode") == mode for mode in _SHARED):
        raise site.unknown("`go build` makes a library that something else loads")
    if (system := site.setting(call, "GOOS")) not in (None, "linux"):
        raise site.unknown(f"`GOOS={system}` builds for another system than that of the image")
    if verb == "get" and ("-d" in options or "-tool" in options):
        return ()
    made = _built(site, options, packages) if verb == "build" else _installed(site, call, packages, verb)
    libc = _libc(site, call)
    return tuple(Product(path, libc, sure) for path, sure in made)


def _split(site: Site, call: Call) -> tuple[dict[str, str], list[str]]:
    """The options with their values, and the packages. Raises Unknown for a word that only a build could tell."""
    options: dict[str, str] = {}
    packages: list[str] = []
    words = iter(call.words[2:])
    for word in words:
        name, equals, value = word.text.partition("=")
        name = name.replace("--", "-", 1)
        if name in _VALUES and not equals:
            follows = next(words, None)
            told = site.value(follows) if follows is not None else None
            if told is None and name in ("-o", "-C"):
                raise site.unknown(f"what `{name}` of `go` names is not known")
            options[name] = told or (follows.text if follows is not None else "")
        elif name.startswith("-"):
            options[name] = (site.expanded(value) or value) if equals else ""
        elif (package := site.value(word)) is not None:
            packages.append(package)
        else:
            raise site.unknown(f"what `{word.text}` names is not known")
    if "-C" in options:
        raise site.unknown("`go -C` builds in another folder")
    return options, packages


def _built(site: Site, options: dict[str, str], packages: list[str]) -> Iterator[tuple[str, bool]]:
    """What `go build` writes."""
    several = len(packages) > 1 and not all(package.endswith(".go") for package in packages)
    if "-o" not in options:
        if several or any("..." in package for package in packages) or "std" in packages:
            return  # it only compiles
        yield _within(site, _name(site, packages)), True
        return
    path = site.path(options["-o"])
    if path is None:
        raise site.unknown("where `go build` writes is not known")
    if not path.endswith("/") and not site.ground.is_folder(path) and path != site.folder:
        yield path, True
        return
    if any("..." in package for package in packages):
        raise site.unknown("which programs `go build` makes is not known")
    for package in packages or ["."]:
        yield posixpath.join(path, _name(site, [package])), True


def _installed(site: Site, call: Call, packages: list[str], verb: str) -> Iterator[tuple[str, bool]]:
    """What `go install` writes; a tool of elsewhere, and what a wildcard finds, only count where they are named."""
    folder = site.setting(call, "GOBIN") or posixpath.join(
        (site.variables.get("GOPATH") or "").partition(":")[0], "bin"
    )
    if not folder.startswith("/"):
        raise site.unknown("where `go install` writes is not known")
    for package in packages or ["."]:
        name, _, version = package.partition("@")
        if "..." in name:
            yield f"{folder}/*", False
            continue
        local = not version and (name.startswith(".") or site.ground.is_folder(f"/go/src/{name}"))
        yield posixpath.join(folder, _name(site, [name])), local and verb == "install"


def _within(site: Site, name: str) -> str:
    if site.folder is None:
        raise site.unknown("in which folder `go build` runs is not known")
    return posixpath.join(site.folder, name)


def _name(site: Site, packages: list[str]) -> str:
    """The name of the program that is made of a package, or of files."""
    if packages and packages[0].endswith(".go"):
        return posixpath.basename(packages[0]).removesuffix(".go")
    package = packages[0] if packages else "."
    if not package.startswith((".", "/")):
        return _last(package)
    folder = posixpath.normpath(posixpath.join(site.folder or "", package))
    if not folder.startswith("/"):
        raise site.unknown("in which folder `go build` runs is not known")
    return _last(_import_path(site, folder))


def _import_path(site: Site, folder: str) -> str:
    """The path under which the package of a folder is imported: by the nearest go.mod, else the folder's own."""
    at = folder
    while at != "/":
        content = site.content(posixpath.join(at, "go.mod"))
        if content is not None and (module := _MODULE.search(content)):
            return posixpath.normpath(posixpath.join(module[1], posixpath.relpath(folder, at)))
        at = posixpath.dirname(at)
    return folder


def _last(path: str) -> str:
    parts = path.rstrip("/").split("/")
    return parts[-2] if _MAJOR.fullmatch(parts[-1]) and len(parts) > 1 else parts[-1]


def _libc(site: Site, call: Call) -> str:
    """What the program is linked to: nothing without cgo, else the library of the builder's system."""
    if site.setting(call, "CGO_ENABLED") == "0" or any("-static" in word.text for word in call.words):
        return "none"
    return site.system_libc
