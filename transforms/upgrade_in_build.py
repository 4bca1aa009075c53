"""`upgrade-in-build`."""

from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.transform import Declined, Proposal, Safety, transform, unchanged


@transform(Safety.SUGGESTION, may_change=set(), counterparts=("DL3005", "DL3017", "DL3031", "DL3035"))
@unchanged(
    "an upgrade of all packages is shown, never removed",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get upgrade -y
    FROM alpine:3.20
    RUN apk upgrade --no-cache
    """,
    unsafe=True,
)
@unchanged(
    "the upgrade of named packages",
    """
    FROM alpine:3.20
    RUN apk upgrade --no-cache openssl
    FROM fedora:41
    RUN dnf upgrade -y openssl
    """,
    unsafe=True,
)
@unchanged(
    "text",
    """
    FROM debian:bookworm-slim
    RUN echo "apt-get upgrade" > /etc/motd
    """,
    unsafe=True,
)
def upgrade_in_build(facts: Facts) -> Iterator[Proposal | Declined]:
    """Shows upgrades of all packages of the base image.

    Each upgraded package is in the image twice, and what comes out depends on the day on which the layer was built,
    not on the file; while the layer is cached nothing is upgraded. A newer base image has the same fixes.

    Safety: nothing is changed; some have reasons to upgrade.

    Sources: Docker documentation, "Building best practices"; hadolint DL3005, DL3017, DL3031, DL3035.
    """
    for instruction in facts.runs:
        for package in facts.package_calls(instruction):
            if package.verb in package.manager.upgrade and not package.operands and package.understood:
                why = (
                    f"`{package.manager.name} {package.verb}` stores the packages a second time; a newer base has them"
                )
                yield Proposal(package.call.node, why, {})
