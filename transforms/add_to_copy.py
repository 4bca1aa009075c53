"""`add-to-copy`."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.adding import adds_more
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change=set(),
    leeway={"add"},
    counterparts=("DL3020", "tally/prefer-copy-over-add"),
)
@example(
    "folders are never unpacked",
    """
      FROM debian:bookworm-slim
    - ADD . /app
    - ADD --chown=1000:1000 static/ templates/ /srv/
    + COPY . /app
    + COPY --chown=1000:1000 static/ templates/ /srv/
    """,
)
@example(
    "comments stay, and so does the case of the word",
    """
      from debian:bookworm-slim
      # all of it
    - add ["./", "/app/"]
    + copy ["./", "/app/"]
    """,
)
@unchanged(
    "without a build context a file may be an archive, whatever its name",
    """
    FROM debian:bookworm-slim
    ADD rootfs /opt/
    ADD run.sh /usr/local/bin/
    """,
)
@unchanged(
    "it fetches something",
    """
    FROM debian:bookworm-slim
    ADD https://example.org/tool /usr/local/bin/
    ADD https://example.org/repo.git /src/
    ADD git@example.org:repo.git /src/
    ADD github.com/example/repo /src/
    """,
)
@unchanged(
    "a variable may be a URL",
    """
    FROM debian:bookworm-slim
    ARG SOURCE=src/
    ADD ${SOURCE} /app/
    """,
)
@unchanged(
    "COPY has no such flag",
    """
    FROM debian:bookworm-slim
    ADD --unpack=false src/ /app/
    ADD --keep-git-dir=true src/ /app/
    """,
)
@unchanged(
    "a trigger takes files of another build",
    """
    FROM debian:bookworm-slim
    ONBUILD ADD . /app
    """,
)
def add_to_copy(facts: Facts) -> Iterator[Proposal | Declined]:
    """Writes an ADD that only copies as COPY.

    ADD fetches URLs and unpacks archives; a reader has to look twice whether it does. What it unpacks is told by the
    first bytes of a file, not by its name, so a file is only sure where the build context is in view.

    Safety: only sources that are local, without variables, and are folders or files that ADD would not unpack; only
    flags that COPY has, too. The cache entry of the step is another one, the files are the same.

    Sources: Dockerfile reference, ADD; BuildKit frontend/dockerfile/dockerfile2llb/convert_copy.go, util/gitutil,
    solver/llbsolver/file/unpack.go; hadolint DL3020.
    """
    for instruction in facts.copies:
        if instruction.name != "ADD":
            continue
        if (why := adds_more(facts, instruction)) is not None:
            yield Declined(instruction, why)
        elif instruction.keyword.raw.upper() == "ADD":
            word = "copy" if instruction.keyword.raw.islower() else "COPY"
            yield Proposal(instruction, "`ADD` fetches and unpacks; this one only copies", {instruction.keyword: word})
