"""`apt-to-apt-get`."""

import re
from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.syntax.nodes import Node, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_KEEPS_ARCHIVES = re.compile(r"docker-clean|Keep-Downloaded-Packages")


@transform(Safety.SAFE, may_change=set(), leeway={"apt"}, counterparts=("DL3027",))
@example(
    "commands that both know",
    """
      FROM debian:bookworm-slim
    - RUN apt update && DEBIAN_FRONTEND=noninteractive apt install -y curl && apt -y autoremove
    - RUN ["apt", "install", "-y", "git"]
    + RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y curl && apt-get -y autoremove
    + RUN ["apt-get", "install", "-y", "git"]
    """,
)
@unchanged(
    "what only apt does, or does in another way",
    """
    FROM debian:bookworm-slim
    RUN apt list --installed && apt search curl && apt show curl && apt upgrade -y && apt full-upgrade -y
    """,
)
@unchanged(
    "the word is no command",
    """
    FROM debian:bookworm-slim
    RUN command -v apt && echo apt install curl > /etc/apt/note && /usr/local/bin/apt install x
    """,
)
@unchanged(
    "an image that may keep the archives that apt removes by itself",
    """
    FROM debian:bookworm-slim AS a
    RUN rm /etc/apt/apt.conf.d/docker-clean
    RUN apt install -y curl
    FROM registry.example/base
    RUN apt install -y curl
    """,
)
def apt_to_apt_get(facts: Facts) -> Iterator[Proposal | Declined]:
    """Calls `apt-get` where `apt` is called, which warns that it has no stable command line.

    Safety: only for the commands that do the same in both; `apt upgrade` installs new packages where `apt-get upgrade`
    does not, `apt list` has no counterpart. apt removes downloaded archives, which apt-get leaves to the settings of
    the image: only on images of Debian and Ubuntu that have these settings, and where nothing changes them.

    Sources: apt(8) SCRIPT USAGE AND DIFFERENCES FROM APT-GET(8); hadolint DL3027.
    """
    for instruction in facts.runs:
        stage = facts.stage_of[instruction]
        for package in facts.package_calls(instruction):
            name = package.call.words[0]
            if name.literal != "apt" or package.manager.name != "apt-get":
                continue
            if package.verb not in package.manager.same_verbs:
                yield Declined(package.call.node, f"`apt {package.verb}` has no counterpart that does the same")
            elif stage.system is None or stage.system.name not in ("debian", "ubuntu"):
                yield Declined(package.call.node, "it is not known whether the image keeps downloaded archives")
            elif facts.first_match(stage, _KEEPS_ARCHIVES) < len(facts.text):
                yield Declined(package.call.node, "the file changes whether downloaded archives are kept")
            else:
                edits: dict[Node, str] = {name: source(name).replace("apt", package.manager.name)}
                yield Proposal(package.call.node, "`apt` warns that its command line may change", edits)
