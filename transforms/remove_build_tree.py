"""`remove-build-tree`."""

from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.calls import Call
from optimizer.facts.layout import Addition, appendable, appended
from optimizer.facts.trees import trees
from optimizer.facts.writes import Made, changes, placed
from optimizer.syntax.nodes import Instruction
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_INSTALLERS = {"make": "install", "gmake": "install", "ninja": "install", "meson": "install", "cmake": "--install"}


@transform(
    Safety.UNSAFE,
    may_change=set(),
    leeway={"trees"},
    may_remove=("/tmp/**", "/var/tmp/**", "/usr/src/**", "/usr/local/src/**"),
)
@example(
    "an archive and what was unpacked of it",
    """
      FROM debian:bookworm-slim
      RUN cd /tmp \\
          && wget https://example.org/tool-1.2.tar.gz \\
          && tar -xzf tool-1.2.tar.gz \\
          && cd tool-1.2 \\
    -     && ./configure && make && make install
    +     && ./configure && make && make install \\
    +     && rm -rf /tmp/tool-1.2.tar.gz /tmp/tool-1.2
    """,
    unsafe=True,
)
@example(
    "a repository",
    """
      FROM debian:bookworm-slim
    - RUN git clone https://example.org/tool.git /usr/src/tool && make -C /usr/src/tool install
    + RUN git clone https://example.org/tool.git /usr/src/tool && make -C /usr/src/tool install \\
    +     && rm -rf /usr/src/tool
    """,
    unsafe=True,
)
@unchanged(
    "nothing was installed from it",
    """
    FROM debian:bookworm-slim
    RUN git clone https://example.org/tool.git /usr/src/tool && make -C /usr/src/tool
    """,
    unsafe=True,
)
@unchanged(
    "another instruction names it",
    """
    FROM debian:bookworm-slim
    RUN git clone https://example.org/tool.git /usr/src/tool && make -C /usr/src/tool install
    CMD ["/usr/src/tool/run"]
    """,
    unsafe=True,
)
@unchanged(
    "it was there before",
    """
    FROM debian:bookworm-slim
    COPY . /usr/src/tool
    RUN cd /usr/src/tool && make && make install
    """,
    unsafe=True,
)
@unchanged(
    "the RUN deletes it already",
    """
    FROM debian:bookworm-slim
    RUN git clone https://example.org/tool.git /tmp/tool && make -C /tmp/tool install && rm -rf /tmp/tool
    """,
    unsafe=True,
)
@unchanged(
    "a link may lead into it",
    """
    FROM debian:bookworm-slim
    RUN git clone https://example.org/t.git /usr/src/t && make -C /usr/src/t install && ln -s /usr/src/t/x /x
    """,
    unsafe=True,
)
@unchanged(
    "only what another stage copies is shipped",
    """
    FROM debian:bookworm-slim AS build
    RUN git clone https://example.org/tool.git /usr/src/tool && make -C /usr/src/tool install
    FROM debian:bookworm-slim
    COPY --from=build /usr/local /usr/local
    """,
    unsafe=True,
)
def remove_build_tree(facts: Facts) -> Iterator[Proposal | Declined]:
    """Deletes the sources that a RUN fetched, built and installed, in the same RUN.

    What `make install` puts into its place is all that the image needs; the archive, the sources and the objects beside
    it stay in the layer for good.

    Safety: unsafe, as a program may look for its sources when it runs. Only folders and archives below `/tmp`,
    `/var/tmp`, `/usr/src`, `/usr/local/src` that the RUN itself made, that no other instruction names and no link leads
    into; only in stages that are shipped.

    Sources: guide.md (Minimizing Layer Size); Filesystem Hierarchy Standard 3.0, /tmp and /usr/src.
    """
    for stage in facts.stages:
        for run in stage.instructions if facts.ships(stage) else ():
            chain = facts.chain(run) if run.name == "RUN" else None
            if chain is None or not any(map(_installs, facts.calls(run))):
                continue
            left = [path for path in trees(facts, run) if not _deleted(facts, run, path)]
            if not left:
                continue
            if (why := appendable(chain)) is not None:
                yield Declined(run, f"its build tree could be deleted, but {why}")
                continue
            command = "rm -rf " + " ".join(left)
            names = ", ".join(f"`{path}`" for path in left)
            yield Proposal(
                run, f"{names} stays in the layer after the install", appended(facts, run, chain, Addition(command))
            )


def _installs(call: Call) -> bool:
    wanted = _INSTALLERS.get(call.name or "")
    return wanted is not None and any((word.literal or "").startswith(wanted) for word in call.words[1:])


def _deleted(facts: Facts, run: Instruction, path: str) -> bool:
    """Whether the RUN deletes it, a part of it, or something that is not known."""
    if any(call.name == "rm" and folder is None and _is_relative(call) for call, folder in placed(facts, run)):
        return True
    made = Made(path, below=True)
    return any(change.meets(made) or (change.path + "/").startswith(path + "/") for change in changes(facts, run))


def _is_relative(call: Call) -> bool:
    return any(not word.text.startswith(("/", "-")) for word in call.words[1:])
