"""`dockopt review`."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages
from optimizer.cli.commands.options import Ignore, Output, Profile, Select, Unsafe


def review(
    base: Annotated[
        str | None, typer.Option(metavar="REV", help="What the change goes into: origin/main. In CI it is known.")
    ] = None,
    head: Annotated[
        str | None, typer.Option(metavar="REV", help="The last commit of the change. Default: HEAD.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="markdown, github, gitlab or json.")
    ] = "markdown",
    post: Annotated[
        bool, typer.Option("--post", help="Send it, with the token in $GITHUB_TOKEN or $GITLAB_TOKEN.")
    ] = False,
    repository: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Where to, with --post. In CI it is known.")
    ] = None,
    pull_request: Annotated[int | None, typer.Option(metavar="NUMBER", help="Likewise.")] = None,
    unsafe: Unsafe = False,
    select: Select = None,
    ignore: Ignore = None,
    profile: Profile = None,
    output: Output = None,
) -> None:
    """Review the Dockerfiles that a change touches: suggestions on its lines, the rest in a summary.

    Nothing is said twice: a second --post brings the summary up to date and adds only what is new.

    Exit codes: 0 printed or sent; 2 usage, unreadable input, or the server says no.
    """
    with Messages():
        from optimizer.cli.review import ReviewOptions, review_all

        chosen = unsafe, tuple(select or ()), tuple(ignore or ()), profile
        review_all(ReviewOptions(base, head, form, post, *chosen, repository, pull_request, output))
