"""`dockopt prove`."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages
from optimizer.cli.commands.options import (
    BuildArgs,
    Builder,
    Context,
    Ignore,
    Paths,
    Platform,
    Profile,
    Secrets,
    Select,
    Target,
    Timeout,
)


def prove(
    paths: Paths = None,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Prove the unsafe changes too.")] = False,
    select: Select = None,
    ignore: Ignore = None,
    profile: Profile = None,
    builder: Builder = None,
    context: Context = None,
    timeout: Timeout = None,
    build_arg: BuildArgs = None,
    target: Target = None,
    secret: Secrets = None,
    platform: Platform = None,
    noise_check: Annotated[
        bool, typer.Option("--noise-check", help="Build the original twice; what differs then does not count.")
    ] = False,
    command: Annotated[
        str | None, typer.Option("--run", metavar="CMD", help="Run this in both images: same exit status.")
    ] = None,
    probe: Annotated[
        str | None, typer.Option(metavar="URL", help="Start both images; the program answers there as before.")
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Measure a rebuild after a change of the file that git says changes most.")
    ] = False,
    touch: Annotated[
        str | None, typer.Option(metavar="FILE", help="The file of the context that changes; implies --rebuild.")
    ] = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json or markdown.")] = "text",
) -> None:
    """Build each file before and after, and show that nothing was lost but what the transforms declare. Writes nothing.

    It needs Docker with buildx, Podman or Buildah. An image with a HEALTHCHECK is started unless --run or --probe say
    otherwise.

    Exit codes: 0 all proved, or nothing to prove; 2 usage or unreadable input; 3 a step was refused by a check;
    4 not proved, or no proof could be made.
    """
    with Messages():
        from optimizer.cli.prove import ProveOptions, prove_all
        from optimizer.cli.prover import ProofWishes

        wishes = ProofWishes(
            builder, context, timeout, tuple(build_arg or ()), target, tuple(secret or ()), platform,
            noise_check, command, probe, rebuild, touch,
        )  # fmt: skip
        chosen = ProveOptions(unsafe, tuple(select or ()), tuple(ignore or ()), form, wishes, profile)
        code = prove_all(tuple(paths or (".",)), chosen)
    if code:
        raise typer.Exit(code)
