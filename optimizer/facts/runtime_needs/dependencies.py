"""What the packages of a project need of the image: their names in the manifests, looked up in the rows."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from optimizer.facts import BuildStage, Facts
from optimizer.facts.context import Context, text_of
from optimizer.facts.runtime_needs import Kind, Need, Unknown
from optimizer.facts.runtime_needs.started import files_of
from optimizer.facts.runtime_needs.suites import libraries
from optimizer.facts.tables import json_object, toml_table
from optimizer.knowledge.runtime_needs import Dependency, runtime_needs_table

_LOADS = re.compile(r"(?:\brequire\(|\bfrom|\bimport\(?)\s*[\"']([^\"'.][^\"']*)[\"']")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(?:$|[=<>!~;@#,(])")
_GEM = re.compile(r"^\s*gem\s*\(?\s*[\"']([\w.-]+)[\"']", re.M)
_GROUP = re.compile(r"^group\s*\(?\s*(?::(?:development|test|ci|lint)\s*,?\s*)+\)?\s+do\b.*?^end\b", re.M | re.S)
_LOCKED_GEM = re.compile(r"^    ([\w.-]+) \(", re.M)
_REQUIREMENTS = re.compile(r".*requirements?[\w.-]*\.(?:txt|in|pip)|(?:base|prod|production|common)\.txt")
_DEVELOPMENT = re.compile(r"(?:^|[/._-])(?:dev|test|tests|testing|lint|docs?|local|development|ci)(?=[/._-]|$)")


def of_dependencies(facts: Facts, stage: BuildStage) -> Iterator[Need | Unknown]:
    """Of the packages that the manifests in the stages name, locks too; development packages aside."""
    context = facts.context
    if context is None:
        yield Unknown(Kind.LIBRARY, facts.no_context or "the build context is not known")
        return
    paths = sorted({path for one in facts.needed_for(stage) for path in files_of(facts, one).values()})
    for path in paths:
        reader = _reader(path)
        if reader is None or "node_modules/" in path:
            continue
        ecosystem, read = reader
        if ecosystem == "php" and "vendor/" in path:
            continue
        content = context.content(path)
        names = read(content.decode("utf-8", "replace")) if content is not None else None
        if names is None:
            yield Unknown(Kind.LIBRARY, f"`{path}` cannot be read")
            continue
        names |= loaded(facts, stage, _development(content)) if ecosystem == "javascript" else frozenset()
        for name in sorted(names - _left_out(context, path)):
            one = runtime_needs_table().dependencies.get(ecosystem, {}).get(name)
            if one is not None:
                yield from _of(facts, stage, one, f"`{name}` of `{path}`")


def _development(content: bytes | None) -> frozenset[str]:
    """The development packages of a `package.json` of which a row tells."""
    found = (json_object((content or b"").decode("utf-8", "replace")) or {}).get("devDependencies")
    return frozenset(_table(found)) & runtime_needs_table().dependencies.get("javascript", {}).keys()


def loaded(facts: Facts, stage: BuildStage, names: frozenset[str]) -> frozenset[str]:
    """Those of some packages of npm that sources of the image load, tests and settings of tools aside."""
    language = next(one for one in runtime_needs_table().languages if one.name == "javascript")
    found: set[str] = set()
    for path in {*files_of(facts, stage).values()} if names else ():
        text = text_of(facts.context, path) if language.is_source(path) else ""
        for match in _LOADS.finditer(text):
            found |= {name for name in names if match[1] == name or match[1].startswith(f"{name}/")}
    return frozenset(found)


def _left_out(context: Context, path: str) -> frozenset[str]:
    """The gems of a lock file that its Gemfile has for development alone."""
    if posixpath.basename(path) != "Gemfile.lock":
        return frozenset()
    text = text_of(context, path.removesuffix(".lock"))
    return frozenset(_GEM.findall(text)) - frozenset(_GEM.findall(_GROUP.sub("", text)))


def _of(facts: Facts, stage: BuildStage, one: Dependency, by: str) -> Iterator[Need | Unknown]:
    if one.refused:
        yield Unknown(Kind.LIBRARY, f"{by} {one.refused}")
    for package in one.libraries_of:
        found = libraries(facts, stage, package)
        if found is None:
            yield Unknown(Kind.LIBRARY, f"{by} needs the libraries of `{package}`, and their names are not known here")
        yield from (Need(Kind.LIBRARY, name, f"{by} links it") for name in found or ())
    yield from (Need(Kind.PACKAGE, name, f"{by} needs it") for name in one.packages)
    yield from (Need(Kind.PROGRAM, name, f"{by} starts it") for name in one.programs)
    if one.fonts:
        yield Need(Kind.FONTS, "any", f"{by} draws text")


def _reader(path: str) -> tuple[str, Callable[[str], frozenset[str] | None]] | None:
    name = posixpath.basename(path)
    match name:
        case "package.json":
            return "javascript", _of_package
        case "pyproject.toml":
            return "python", _of_pyproject
        case "Pipfile":
            return "python", _of_pipfile
        case "composer.json" | "composer.lock":
            return "php", _of_composer
        case "Gemfile":
            return "ruby", lambda text: frozenset(_GEM.findall(_GROUP.sub("", text)))
        case "Gemfile.lock":
            return "ruby", lambda text: frozenset(_LOCKED_GEM.findall(text))
    if _REQUIREMENTS.fullmatch(name) and not _DEVELOPMENT.search(path.rpartition(".")[0]):
        return "python", _of_requirements
    return None


def _of_package(text: str) -> frozenset[str] | None:
    found = json_object(text)
    if found is None:
        return None
    kinds = [found.get(kind) for kind in ("dependencies", "optionalDependencies")]
    return frozenset(name for kind in kinds if isinstance(kind, dict) for name in kind)


def _of_composer(text: str) -> frozenset[str] | None:
    """Of a manifest what it requires, of a lock file all packages; those for development aside."""
    found = json_object(text)
    if found is None:
        return None
    locked = found.get("packages")
    names = [one.get("name") for one in locked if isinstance(one, dict)] if isinstance(locked, list) else []
    return frozenset(name for name in (*names, *_table(found.get("require"))) if isinstance(name, str))


def _of_requirements(text: str) -> frozenset[str]:
    return frozenset(filter(None, map(_requirement, text.splitlines())))


def _requirement(line: str) -> str | None:
    """The name as the index has it; `psycopg[binary]` brings its library."""
    found = _REQUIREMENT.match(line)
    if found is None:
        return None
    name = re.sub(r"[-_.]+", "-", found[1]).lower()
    return None if "binary" in (found[2] or "") else name


def _of_pyproject(text: str) -> frozenset[str] | None:
    found = toml_table(text)
    if found is None:
        return None
    project, poetry = _table(found.get("project")), _table(_table(found.get("tool")).get("poetry"))
    named = project.get("dependencies")
    lines = [line for line in named if isinstance(line, str)] if isinstance(named, list) else []
    return frozenset(filter(None, map(_requirement, [*lines, *_versions(poetry.get("dependencies"))])))


def _of_pipfile(text: str) -> frozenset[str] | None:
    found = toml_table(text)
    return None if found is None else frozenset(filter(None, map(_requirement, _versions(found.get("packages")))))


def _versions(table: object) -> list[str]:
    """Names with their extras, as a requirement has them."""
    return [f"{name}[{','.join(_extras(value))}]" for name, value in _table(table).items()]


def _extras(value: object) -> list[str]:
    found = _table(value).get("extras")
    return [str(one) for one in found] if isinstance(found, list) else []


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
