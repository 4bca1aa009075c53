"""`no-install-recommends`."""

import re
from collections.abc import Iterator

from optimizer.facts import Facts, PackageCall
from optimizer.facts.layout import flag_inserted
from optimizer.facts.recommends import Lost, lost
from optimizer.syntax.nodes import Command, Instruction, Node, source
from optimizer.transform import Declined, Leeway, Proposal, Safety, example, transform, unchanged

_CONFIGURED = re.compile("Install-Recommends")
_NO_INSTALL = ("-d", "--download-only", "-s", "--simulate", "--dry-run", "--print-uris")


@transform(
    Safety.UNSAFE,
    may_change=set(),
    leeway={"flags", "packages"},
    counterparts=("DL3015",),
    # What the scripts of dropped packages had made or written, which dpkg knows nothing of: ca-certificates, netbase,
    # exim4, the users that they add, and the modules that they give to PAM.
    may_remove=(
        *("/etc/ca-certificates.conf", "/usr/local/share/ca-certificates", "/etc/ssl/certs/**", "/etc/networks"),
        *("/etc/aliases", "/etc/mailname", "/etc/default/exim4", "/run/exim4", "/var/log/exim4"),
        *("/var/spool/exim4", "/var/spool/exim4/**", "/etc/shadow-"),
    ),
    may_change_paths=(
        *("/etc/passwd", "/etc/passwd-", "/etc/group", "/etc/group-"),
        *("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-"),
        *("/etc/pam.d/common-*", "/var/lib/pam/*"),
    ),
    may_drop_packages=True,
)
@example(
    "packages that recommend nothing",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update && apt-get install -y unzip jq
    + RUN apt-get update && apt-get install -y --no-install-recommends unzip jq
    """,
)
@example(
    "what the flag would take away is written out",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update && apt-get install -y curl
    + RUN apt-get update && apt-get install -y --no-install-recommends curl ca-certificates
    """,
    unsafe=True,
)
@example(
    "other package managers",
    """
      FROM fedora:41
    - RUN dnf install -y httpd
    + RUN dnf install -y --setopt=install_weak_deps=False httpd
    """,
    unsafe=True,
)
@unchanged(
    "curl loses its certificates, so a person has to say yes",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl
    """,
)
@unchanged(
    "of an unknown base nothing is known",
    """
    FROM registry.example/base
    RUN apt-get update && apt-get install -y unzip
    """,
)
@unchanged(
    "the file decides for itself",
    """
    FROM debian:bookworm-slim
    RUN apt-get install -y --install-recommends unzip && apt-get -o APT::Install-Recommends=false install -y jq
    """,
    unsafe=True,
)
@unchanged(
    "a setting of the image decides for all commands",
    """
    FROM debian:bookworm-slim
    RUN echo 'APT::Install-Recommends "false";' > /etc/apt/apt.conf.d/99lean
    RUN apt-get install -y unzip
    """,
    unsafe=True,
)
def no_install_recommends(facts: Facts) -> Iterator[Proposal | Declined]:
    """Installs only what is named and what that depends on, not what is merely recommended.

    Recommended packages are often most of an install: manuals, fonts, a compiler for `python3-pip`. What a program
    needs of them is written out by name.

    Safety: safe where the tables know every package of the command and none of them loses anything but documentation
    in the release of the base image; else unsafe. `ca-certificates` and the like are added where the tables say that
    they would be missed. Not where an option or a file of apt decides already.

    Sources: apt-get(8), dnf.conf(5), zypper(8); Debian indices of bookworm and trixie; hadolint DL3015.
    """
    for instruction in facts.runs:
        if facts.first_match(facts.stage_of[instruction], _CONFIGURED) < facts.places.span(instruction)[1]:
            continue
        for package in facts.package_calls(instruction):
            if not package.manager.lean or not package.installs or not package.operands:
                continue
            if any(option in package.manager.lean_any or option in _NO_INSTALL for option in package.options):
                continue
            if package.manager.family != "apt":
                yield _other(package)
            elif not package.understood:
                yield Declined(package.call.node, "a package or an option of it is not known")
            else:
                yield _apt(facts, instruction, package)


def _other(package: PackageCall) -> Proposal:
    return Proposal(
        package.call.node,
        f"`{package.manager.name}` also installs packages that are only recommended; no table says which are needed",
        flag_inserted(package.call.words, package.verb_word, package.manager.lean),
    )


def _apt(facts: Facts, instruction: Instruction, package: PackageCall) -> Proposal:
    loss = lost(facts, instruction, package)
    edits = dict(flag_inserted(package.call.words, package.verb_word, package.manager.lean))
    if loss.keeps and isinstance(package.call.node, Command):
        edits = _with_names(package, edits, loss.keeps)
    safe = not (loss.unknown or loss.drops or loss.keeps)
    return Proposal(
        package.call.node,
        _why(loss),
        edits,
        safety=Safety.SAFE if safe else Safety.UNSAFE,
        saves=loss.kib * 1024 if loss.kib else None,
        leeway=frozenset() if safe else frozenset({Leeway.PACKAGES}),
    )


def _with_names(package: PackageCall, edits: dict[Node, str], names: tuple[str, ...]) -> dict[Node, str]:
    """The edits with names behind the last package, laid out as the packages are."""
    last = package.operands[-1]
    between = " "
    if len(package.operands) > 1 and isinstance(package.call.node, Command):
        parts = package.call.node.parts
        between = source(parts[parts.index(last) - 1])
    between = between if "#" not in between else " "
    text = edits.get(last, source(last)) + "".join(between + name for name in names)
    return {**edits, last: text}


def _why(loss: Lost) -> str:
    if not (loss.unknown or loss.drops or loss.keeps):
        return "recommended packages are not needed: these packages lose nothing"
    parts = ["recommended packages are most often not needed"]
    parts += [f"keeps {', '.join(loss.keeps)}"] if loss.keeps else []
    parts += [f"goes without {_some(loss.drops)}"] if loss.drops else []
    parts += [f"the tables do not know {_some(loss.unknown)}"] if loss.unknown else []
    return "; ".join(parts)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:4]) + (" and others" if len(names) > 4 else "")
