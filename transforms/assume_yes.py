"""`assume-yes`."""

import re
from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.layout import flag_inserted
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_CONFIGURED = re.compile(r"(?i)assume-?yes\b[^-\n]*(true|1|yes)")


@transform(Safety.SAFE, may_change=set(), leeway={"flags"}, counterparts=("DL3014", "DL3030", "DL3034", "DL3038"))
@example(
    "an install that would ask",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update && apt-get install curl
    + RUN apt-get update && apt-get install -y curl
    """,
)
@example(
    "each package manager has its own word for it",
    """
      FROM registry.example/opensuse
    - RUN zypper install curl
    + RUN zypper --non-interactive install curl
    - RUN microdnf install tar
    + RUN microdnf install -y tar
    - RUN ["yum", "install", "tar"]
    + RUN ["yum", "install", "-y", "tar"]
    """,
)
@unchanged(
    "an answer is piped in",
    """
    FROM debian:bookworm-slim
    RUN yes | apt-get install curl
    """,
)
@unchanged(
    "the answer is given already",
    """
    FROM debian:bookworm-slim
    RUN apt-get -qq install curl && apt-get --assume-yes install git
    """,
)
@unchanged(
    "a name that only the shell knows may hold the option",
    """
    FROM debian:bookworm-slim
    RUN apt-get install $OPTIONS curl
    """,
)
@unchanged(
    "a setting of the image answers for all commands",
    """
    FROM debian:bookworm-slim
    RUN echo 'APT::Get::Assume-Yes "true";' > /etc/apt/apt.conf.d/90yes
    RUN apt-get install curl
    """,
)
@unchanged(
    "nothing is asked where nothing is done",
    """
    FROM debian:bookworm-slim
    RUN apt-get -s dist-upgrade && apt-get --print-uris install curl
    """,
)
@unchanged(
    "text is no command",
    """
    FROM debian:bookworm-slim
    RUN echo "apt-get install curl"
    """,
)
def assume_yes(facts: Facts) -> Iterator[Proposal | Declined]:
    """Gives package managers the option that answers their question with yes.

    A build has no terminal: the question `Do you want to continue?` ends it. Where a manager does not ask, the
    option changes nothing.

    Safety: not where something is piped into the command (it may be the answer), nor where a word that only the
    shell can tell may hold the option.

    Sources: apt-get(8), dnf(8), yum(8), zypper(8), pacman(8), tdnf(8); hadolint DL3014, DL3030, DL3034, DL3038.
    """
    for instruction in facts.runs:
        if facts.first_match(facts.stage_of[instruction], _CONFIGURED) < facts.places.span(instruction)[1]:
            continue
        for package in facts.package_calls(instruction):
            manager = package.manager
            if not manager.yes or package.verb not in manager.confirms or package.confirmed:
                continue
            if package.only_cleans or package.only_updates or set(package.options) & set(manager.only_tries):
                continue
            if package.call.fed:
                yield Declined(package.call.node, "something is piped into it, which may be the answer")
            elif not package.understood:
                yield Declined(package.call.node, "a word of it is not known and may be the option")
            else:
                yield Proposal(
                    package.call.node,
                    f"`{manager.name} {package.verb}` asks and would end the build",
                    flag_inserted(package.call.words, package.verb_word, manager.yes, before=manager.yes_before_verb),
                )
