"""`build-deps-in-one-run`."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from optimizer.facts import BuildStage, Chain, Facts, PackageCall
from optimizer.facts.bases import image_of
from optimizer.facts.chains import leaves
from optimizer.facts.demand import builds_nothing, may_build_later
from optimizer.facts.layout import Addition, appendable, appended, inserted
from optimizer.facts.lists import deletion, sole_package_call
from optimizer.facts.tools import first_image
from optimizer.knowledge.build_packages import SUITES, build_packages
from optimizer.syntax.nodes import Command, Instruction, Node, Word, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_GROUP = ".build-deps"
_PROGRAMS = tuple(f"/usr/bin/{name}" for name in ("cc", "c++", "c89", "c99", "cpp", "f77", "f95", "yacc"))
"""What the alternatives of compilers had made."""
_HANDLED = re.compile(
    r"apt-mark|autoremove|auto-remove|purge|apt-get\s+(-\S+\s+)*remove|apk\s+(-\S+\s+)*del|--virtual|\s-t\s"
)


@transform(
    Safety.UNSAFE,
    may_change=set(),
    leeway={"build-packages"},
    may_drop_packages=True,
    may_remove=("/usr/share/gcc/**", "/usr/lib/gcc/**", "/usr/share/gdb/**", "/etc/alternatives/*", *_PROGRAMS),
    may_change_paths=("/etc/apk/world", "/lib/apk/db/*", "/var/log/alternatives.log", "/var/lib/dpkg/alternatives/*"),
)
@example(
    "apt: the libraries of the headers are named, so that they stay",
    r"""
      FROM python:3.12-slim-bookworm
      COPY requirements.txt .
      RUN apt-get update && \
    -     apt-get install -y --no-install-recommends gcc libpq-dev && \
    +     apt-get install -y --no-install-recommends gcc libpq-dev libgomp1 libpq5 && \
          pip install --no-cache-dir -r requirements.txt && \
    +     apt-get purge -y --auto-remove gcc libpq-dev && \
          rm -rf /var/lib/apt/lists/*
      COPY app.py .
      CMD ["python", "app.py"]
    """,
    unsafe=True,
)
@example(
    "apk: a group that is removed by its name",
    r"""
      FROM python:3.12-alpine
      COPY requirements.txt .
    - RUN apk add --no-cache gcc musl-dev libffi-dev && pip install -r requirements.txt
    + RUN apk add --no-cache libgcc libffi \
    +     && apk add --no-cache --virtual .build-deps gcc musl-dev libffi-dev && pip install -r requirements.txt \
    +     && apk del .build-deps
      CMD ["python", "app.py"]
    """,
    unsafe=True,
)
@example(
    "what is not for building stays where it is",
    r"""
      FROM alpine:3.20
      COPY . /src
      RUN set -eux; \
    -     apk add --no-cache bash make g++; \
    -     make -C /src install
    +     apk add --no-cache bash libstdc++; \
    +     apk add --no-cache --virtual .build-deps make g++; \
    +     make -C /src install; \
    +     apk del .build-deps
      CMD ["tool"]
    """,
    unsafe=True,
)
@unchanged(
    "the build is in another RUN: a stage of its own is the better cure",
    """
    FROM python:3.12-slim-bookworm
    RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*
    RUN pip install --no-cache-dir numpy
    CMD ["python"]
    """,
    unsafe=True,
)
@unchanged(
    "something is built later, in this stage or in one that stands on it",
    """
    FROM python:3.12-slim-bookworm AS base
    RUN apt-get update && apt-get install -y gcc && pip install uwsgi
    FROM base
    RUN pip install numpy
    CMD ["python"]
    """,
    unsafe=True,
)
@unchanged(
    "nothing says what the container runs: it may be an image to build with",
    """
    FROM alpine:3.20
    RUN apk add --no-cache make gcc && pip install fypp
    """,
    unsafe=True,
)
@unchanged(
    "it starts a shell",
    """
    FROM alpine:3.20
    RUN apk add --no-cache make gcc && pip install fypp
    CMD ["/bin/sh"]
    """,
    unsafe=True,
)
@unchanged(
    "the container may compile",
    """
    FROM alpine:3.20
    RUN apk add --no-cache make gcc && make -C /src
    CMD ["make", "run"]
    """,
    unsafe=True,
)
@unchanged(
    "no table says which library the program needs",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y gcc libobscure-dev && ./build.sh
    CMD ["tool"]
    """,
    unsafe=True,
)
@unchanged(
    "the base image holds build packages of its own",
    """
    FROM python:3.12
    RUN apt-get update && apt-get install -y gcc && pip install uwsgi
    CMD ["python"]
    """,
    unsafe=True,
)
@unchanged(
    "the stage reaches no image",
    """
    FROM debian:bookworm-slim AS build
    RUN apt-get update && apt-get install -y gcc && ./build.sh
    FROM debian:bookworm-slim
    COPY --from=build /tool /tool
    CMD ["/tool"]
    """,
    unsafe=True,
)
@unchanged(
    "already so",
    """
    FROM alpine:3.20
    RUN apk add --no-cache --virtual .deps gcc musl-dev && ./build.sh && apk del .deps
    CMD ["tool"]
    """,
    unsafe=True,
)
def build_deps_in_one_run(facts: Facts) -> Iterator[Proposal | Declined]:
    """Removes compilers and headers at the end of the RUN that installed and used them.

    They are hundreds of megabytes that nothing reads when the container runs. What a later layer removes still lies
    in the image, so it is done in the same RUN; a stage of its own does it better, where the file may be rewritten so.

    Safety: unsafe, as a program may compile, or load a library that no table knows, when it runs. Only where the RUN
    builds by itself, and nothing behind it, in the stage or in one built from it, may build; only in stages that reach
    the image, on base images without build packages of their own. The libraries that belong to the headers are
    installed by name, so that they stay; where the tables do not know them, nothing is done.

    Sources: Debian indices of bookworm and trixie (domain.md 2.5), apk-add(8), apt-get(8), docker-library images.
    """
    last = facts.stages[-1] if facts.stages else None
    for stage in facts.stages:
        if last is None or stage not in last.lineage or not _bare(stage):
            continue
        for instruction in stage.instructions:
            if instruction.name == "RUN" and (item := _item(facts, stage, instruction)) is not None:
                yield item


def _bare(stage: BuildStage) -> bool:
    """Whether the first image of the stage holds no build packages."""
    image = first_image(stage)
    if image is None or stage.system is None:
        return False
    name, tag = image_of(image)
    table = build_packages()
    return name in table.bases or (name in table.slim_bases and any(sign in tag for sign in table.signs))


class _Install(Struct, frozen=True):
    """The install of build packages in a chain. `build`: their words; `others`: the other packages."""

    at: int
    package: PackageCall
    build: tuple[Word, ...]
    others: tuple[Word, ...]


def _item(facts: Facts, stage: BuildStage, instruction: Instruction) -> Proposal | Declined | None:
    chain = facts.chain(instruction)
    install = _install(chain) if chain is not None else None
    if chain is None or install is None or _HANDLED.search(facts.sources[instruction]):
        return None
    if any(package.verb in package.manager.remove for package in facts.package_calls(instruction)):
        return None
    behind = [call for step in chain.steps[install.at + 1 :] for call in step.calls]
    if all(map(builds_nothing, behind)):
        used = may_build_later(facts, instruction)
        told = "the build is in another RUN, where removing saves nothing; a stage of its own is the better cure"
        return Declined(instruction, told) if used else None
    if (why := _obstacle(facts, stage, instruction, chain, install)) is not None:
        return Declined(instruction, why)
    libraries = _libraries(facts, stage, install)
    if libraries is None:
        return Declined(instruction, "no table says which libraries the built program needs of these packages")
    names = [word.text for word in install.build]
    why = f"build packages stay in the layer; removes {', '.join(names[:4])}{' and others' if len(names) > 4 else ''}"
    why += f", keeps {', '.join(libraries)}" if libraries else ""
    why += "; assumes that nothing compiles when the container runs"
    make = _by_group if install.package.manager.family == "apk" else _by_name
    return Proposal(instruction, why, make(facts, instruction, chain, install, libraries))


def _install(chain: Chain) -> _Install | None:
    """The one step that installs a compiler; None where there is none, or several, or it is not a plain install."""
    found = []
    for at, step in enumerate(chain.steps):
        package = sole_package_call(step)
        if package is None or not package.installs or package.manager.family not in ("apt", "apk"):
            continue
        words = [word for word in package.operands if isinstance(word, Word)]
        build = tuple(word for word in words if build_packages().is_build(word.text))
        if any(word.text in build_packages().compilers for word in build):
            others = tuple(word for word in words if word not in build)
            found.append(_Install(at, package, build, others))
    return (
        found[0] if len(found) == 1 and found[0].package.understood and not found[0].package.call.wrapped_by else None
    )


def _obstacle(facts: Facts, stage: BuildStage, instruction: Instruction, chain: Chain, install: _Install) -> str | None:
    if appendable(chain) is not None or instruction.inner.heredocs:
        return "nothing can be put behind its last step"
    if install.package.manager.family == "apk" and any(leaves(s) - {"options"} for s in chain.steps[: install.at]):
        return "the RUN sets something in its shell before the install"
    if may_build_later(facts, instruction):
        return "something behind it may build"
    last = [i for one in facts.stages[-1].lineage for i in one.instructions]
    if not any(i.name in ("CMD", "ENTRYPOINT") for i in last):
        return "nothing says what the container runs: it may be an image to build with"
    text = " ".join(facts.sources[i] for i in last if i.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"))
    if re.search(r"(?im)^\s*(CMD|ENTRYPOINT)[\s\[\"]*(/bin/|/usr/bin/)?(ba|a|z)?sh[\s\]\"]*$", text):
        return "the container starts a shell: it may be an image to build with"
    if re.search(r"(?<![\w/.-])(gcc|g\+\+|cc|make|cmake|clang|cargo|pip|pip3|npm|gem|bundle)(?![\w/-])", text):
        return "the container may compile"
    names = {word.text for word in install.build}
    for one in stage.lineage:
        for other in one.instructions:
            packages = facts.package_calls(other) if other is not instruction and other.inner.name == "RUN" else ()
            if any(word.literal in names for package in packages for word in package.operands):
                return "another RUN handles these packages too"
    return None


def _libraries(facts: Facts, stage: BuildStage, install: _Install) -> list[str] | None:
    """The libraries to be named, those that are named already aside; None where they are not known."""
    system = stage.system
    if system is None or system.name not in ("debian", "alpine"):
        return None
    suites = (
        ("alpine",) if system.name == "alpine" else tuple(s for s in SUITES if system.release in (s, None)) or ("?",)
    )
    if suites == ("?",):
        return None
    tables = [_of_suite(suite, install.build) for suite in suites]
    if tables[0] is None or any(table != tables[0] for table in tables):
        return None
    named = {word.text for word in (*install.others, *install.build)}
    return [name for name in dict.fromkeys(tables[0]) if name not in named]


def _of_suite(suite: str, build: Sequence[Word]) -> list[str] | None:
    found: list[str] = []
    for word in build:
        libraries = build_packages().libraries(suite, word.text)
        if libraries is None:
            return None
        found += libraries
    return found


def _by_name(
    facts: Facts, instruction: Instruction, chain: Chain, install: _Install, libraries: list[str]
) -> dict[Node, str]:
    """The edits for apt: libraries behind the last package, and a purge before the lists are removed."""
    names = " ".join(word.text for word in install.build)
    command = f"{install.package.call.name} purge -y --auto-remove {names}"
    edits: dict[Node, str] = {}
    if libraries:
        last = install.package.operands[-1]
        edits[last] = f"{source(last)}{_between(install)}{_between(install).join(libraries)}"
    end = len(chain.steps)
    folder = facts.scopes[instruction].folder
    while end > install.at + 1 and deletion(chain.steps[end - 1], folder) is not None:
        end -= 1
    if end == len(chain.steps):
        return edits | dict(appended(facts, instruction, chain, Addition(command)))
    return edits | dict(inserted(facts, instruction, chain, end, command))


def _between(install: _Install) -> str:
    """What stands between the last two packages; a blank where there is one only, or a comment."""
    operands = install.package.operands
    if len(operands) < 2 or not isinstance(install.package.call.node, Command):
        return " "
    parts = install.package.call.node.parts
    gap = source(parts[parts.index(operands[-1]) - 1])
    return " " if "#" in gap else gap


def _by_group(
    facts: Facts, instruction: Instruction, chain: Chain, install: _Install, libraries: list[str]
) -> dict[Node, str]:
    """The edits for apk: what stays in an install of its own, the rest in a group that is removed at the end."""
    edits: dict[Node, str] = {}
    node = install.package.call.node
    assert isinstance(node, Command)
    step = chain.steps[install.at]
    stays = [*(word.text for word in install.others), *libraries]
    for word in install.others:
        edits |= {word: "", node.parts[node.parts.index(word) - 1]: ""}
    verb = install.package.verb_word
    edits[verb] = f"{source(verb)} --virtual {_GROUP}"
    if "--no-cache" in install.package.options and isinstance(verb, Word):
        after = node.parts[node.parts.index(verb) + 2]
        if isinstance(after, Word) and after.literal == "--no-cache":
            edits |= {verb: source(verb), after: f"{source(after)} --virtual {_GROUP}"}
    if stays:
        options = " ".join(
            word.text for word in install.package.call.words if word not in (*install.build, *install.others)
        )
        before = inserted(facts, instruction, chain, install.at, f"{options} {' '.join(stays)}")
        edits |= _before(step.parts[0], dict(before), edits)
    return edits | dict(appended(facts, instruction, chain, Addition(f"apk del {_GROUP}")))


def _before(first: Node, before: dict[Node, str], edits: dict[Node, str]) -> dict[Node, str]:
    """The edit that puts text before a command whose words are edited too: it goes to the command's first word."""
    text = before[first]
    new = text[: len(text) - len(source(first))]
    word = next(piece for piece in first.children())
    return {word: new + edits.get(word, source(word))}
