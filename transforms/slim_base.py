"""`slim-base`."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import image_of
from optimizer.facts.compiled import Doubt, Wanted
from optimizer.facts.estimates import of_bases
from optimizer.facts.layout import LINE_LENGTH, install_steps, written_like
from optimizer.facts.slimming import needed_of_full
from optimizer.facts.variants import Slim, slim_of
from optimizer.syntax.nodes import FILLERS, Instruction, Words, rewritten
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_PYTHON = {"app.py": "import flask\n", "requirements.txt": "flask==3.0.3\npsycopg2-binary==2.9.9\n"}
_NODE = {
    "package.json": '{"scripts": {"start": "node main.js"}, "dependencies": {"express": "4.21.0"}}',
    "package-lock.json": '{"lockfileVersion": 3, "packages": {"": {}, "node_modules/express": {"version": "4.21.0"}}}',
    "main.js": "require('express')\n",
}


@transform(
    Safety.UNSAFE,
    may_change={"layers"},
    leeway={"base"},
    may_remove=("/usr/**", "/etc/**", "/var/**", "/opt/yarn*/**"),
    may_change_paths=("/usr/**", "/etc/**", "/var/**", "/root/**"),
    may_drop_packages=True,
    options={"trusted": ()},
)
@example(
    "a Python program whose packages come built",
    """
    - FROM python:3.12
    + FROM python:3.12-slim
      WORKDIR /app
      COPY . .
      RUN pip install -r requirements.txt
      CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@example(
    "what the file calls of the full image is installed",
    """
    - FROM node:20-bookworm
    + FROM node:20-bookworm-slim
    + RUN apt-get update \\
    +     && apt-get install -y --no-install-recommends ca-certificates curl \\
    +     && rm -rf /var/lib/apt/lists/*
      WORKDIR /app
      COPY . .
      RUN npm ci --omit=dev
      HEALTHCHECK CMD curl -f http://localhost:3000/ || exit 1
      CMD ["npm", "start"]
    """,
    unsafe=True,
    context=_NODE,
)
@example(
    "what compiles gets a compiler and its headers",
    """
    - FROM python:3.11-bookworm
    + FROM python:3.11-slim-bookworm
    + RUN apt-get update \\
    +     && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev \\
    +     && rm -rf /var/lib/apt/lists/*
      RUN pip install psycopg2==2.9.9
      COPY app.py .
      CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@unchanged(
    "a package that no row knows may be compiled",
    """
    FROM python:3.12
    RUN pip install some-thing
    COPY app.py .
    CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@unchanged(
    "no slim variant, or a tag that may be another version on the day of the build",
    """
    FROM golang:1.26
    CMD ["go", "version"]
    FROM python
    COPY app.py .
    CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@unchanged(
    "a script that cannot be seen may call anything",
    """
    FROM python:3.12
    COPY app.py .
    RUN ./configure.sh
    CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@unchanged(
    "what is fetched, or what a person starts, may call anything",
    """
    FROM python:3.12 AS fetched
    RUN curl -O http://example.org/app.py
    CMD ["python", "app.py"]
    FROM python:3.12
    COPY app.py .
    CMD ["/bin/bash"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@unchanged(
    "musl is another system: never",
    """
    FROM python:3.12-alpine
    COPY app.py .
    CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@unchanged(
    "nobody knows what a program needs without the build context",
    """
    FROM python:3.12
    COPY app.py .
    CMD ["python", "app.py"]
    """,
    unsafe=True,
)
def slim_base(facts: Facts, trusted: str = "") -> Iterator[Proposal | Declined]:
    """Takes the slim variant of an image, with what the file visibly needs of the full one.

    The full images of Python, Node.js, Ruby and others hold compilers, headers and version control: about 700 MiB that
    most programs never use. The slim one is the same version on the same release of Debian. `[slim-base] trusted =
    "NAME NAME"` names packages of the language that need nothing of the system.

    Safety: the commands of RUN, CMD, ENTRYPOINT, HEALTHCHECK and Compose, scripts and sources of the context, and the
    packages of lock files and manifests are looked at; it stands back where one of them is not known or may compile.
    Only images that are shipped; never from glibc to musl, never another version.

    Sources: docker-library's Dockerfiles; Debian's Packages and Contents; domain.md 3.4; docker-library/python#60.
    """
    roots = {stage: None for one in reversed(facts.stages) if facts.ships(one) for stage in list(one.lineage)[-1:]}
    for stage in roots:
        head = stage.node.instructions[0]
        slim = slim_of(stage.base) if stage.base is not None else None
        if stage.base is None and _names_a_family(head):
            yield Declined(head, "a variable gives the base, so its variant is not known")
        elif isinstance(slim, str):
            yield Declined(head, slim)
        elif slim is not None:
            yield _proposal(facts, stage, head, slim, trusted.split())


def _names_a_family(head: Instruction) -> bool:
    from optimizer.knowledge.variants import variants

    words = head.body.words if isinstance(head.body, Words) else ()
    return bool(words) and image_of(words[0].text)[0] in variants().families


def _proposal(
    facts: Facts, stage: BuildStage, head: Instruction, slim: Slim, trusted: list[str]
) -> Proposal | Declined:
    wanted: dict[str, str] = {}
    doubts: list[str] = []
    for found in needed_of_full(facts, stage, slim, trusted):
        if isinstance(found, Doubt):
            doubts.append(found.why)
        elif isinstance(found, Wanted):
            wanted |= {name: found.why for name in found.packages if name not in wanted}
    if doubts:
        more = f", and {len(set(doubts)) - 1} more such" if len(set(doubts)) > 1 else ""
        return Declined(head, f"{doubts[0]}{more}")
    body = head.body
    if not isinstance(body, Words) or body.words[0].text != stage.base:
        return Declined(head, "the name of the base is not written out")
    names = sorted(set(wanted) - set(slim.row.holds) - _installed_first(facts, stage))
    if names and not slim.served:
        return Declined(head, f"`{names[0]}` would have to be installed, and its release of Debian is archived")
    text = facts.sources[head]
    new = rewritten(head, {body.words[0]: slim.reference})
    if names:
        model = next((i for i in stage.instructions if i.name in ("RUN", "COPY")), head)
        line = written_like(model, "RUN", _install(facts, names))
        new = new + line + facts.newline if text.endswith("\n") else new + facts.newline + line
    saved = of_bases(stage.base, slim.reference, names)
    return Proposal(
        head,
        _why(slim, names, wanted),
        {head: new},
        saves=saved.bytes if saved else None,
        basis=saved.basis if saved else "",
    )


def _installed_first(facts: Facts, stage: BuildStage) -> frozenset[str]:
    """Packages that the first RUN of the stage installs by name: nothing runs before it that could need them."""
    first = next((i for i in stage.instructions if i.name in FILLERS), None)
    calls = facts.package_calls(first) if first is not None and first.name == "RUN" else ()
    chain = facts.chain(first) if first is not None else None
    packages = [one for one in calls if one.manager.family == "apt"]
    if chain is None or len(packages) != sum(len(step.calls) for step in chain.steps if step.calls[0].name != "rm"):
        return frozenset()
    return frozenset(word.literal or "" for one in packages if one.installs for word in one.operands)


def _install(facts: Facts, names: list[str]) -> str:
    """The install, and what empties the lists again, on one line where it fits."""
    steps = install_steps(None, names)
    if sum(map(len, steps)) <= LINE_LENGTH - 12:
        return " && ".join(steps)
    return f" {facts.tree.escape}{facts.newline}    && ".join(steps)


def _why(slim: Slim, names: list[str], wanted: dict[str, str]) -> str:
    reason = f"`{slim.reference}` is the same image without {slim.row.without}"
    if not names:
        return f"{reason}; nothing in the file needs these"
    return f"{reason}; `{names[0]}` is installed, as {wanted[names[0]]}" + (
        f", and {len(names) - 1} more" if len(names) > 1 else ""
    )
