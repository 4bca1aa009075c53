"""`dockopt fix`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages
from optimizer.cli.commands.options import (
    BuildArgs,
    Builder,
    ChangedSince,
    Exclude,
    Ignore,
    Jobs,
    NoCache,
    NoContext,
    Output,
    Platform,
    Profile,
    Secrets,
    Select,
    Target,
    Timeout,
    Unsafe,
)
from optimizer.cli.errors import UsageError


def fix(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATHS]...", help="Files, folders, or `-` for standard input. Default: this folder."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", "-w", help="Rewrite the files in place.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if something would change.")] = False,
    unsafe: Unsafe = False,
    select: Select = None,
    ignore: Ignore = None,
    profile: Profile = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also what was not changed, and why.")] = False,
    stdin_filename: Annotated[
        str | None, typer.Option(metavar="NAME", help="The path of what `-` reads, for settings and messages.")
    ] = None,
    prove: Annotated[
        bool, typer.Option("--prove", help="Build each changed file before and after; write only what is proved.")
    ] = False,
    builder: Builder = None,
    context: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The build context of the files. Default: it is looked for.")
    ] = None,
    no_context: NoContext = False,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The log of a build of the one file: real seconds. `-`: standard input."),
    ] = None,
    timeout: Timeout = None,
    build_arg: BuildArgs = None,
    target: Target = None,
    secret: Secrets = None,
    platform: Platform = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, json, sarif, github, gitlab, junit, checkstyle or rdjson.",
        ),
    ] = "text",
    output: Output = None,
    jobs: Jobs = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Workers of this Dask scheduler instead.")] = None,
    exclude: Exclude = None,
    changed_since: ChangedSince = None,
    summary: Annotated[
        list[str] | None,
        typer.Option(metavar="transform|folder|owner", help="A table in the place of diffs; may be repeated."),
    ] = None,
    commit_per: Annotated[
        str | None, typer.Option(metavar="transform|folder|owner", help="With --write: a git commit for each.")
    ] = None,
    no_cache: NoCache = False,
) -> None:
    """Show what would be better, as a unified diff with a reason for each change; or write it.

    Exit codes: 0 nothing pending, shown, or written; 1 pending under --check; 2 usage or unreadable input;
    3 a step was refused by a check; 4 a change was not proved under --prove (it is not written).
    """
    from optimizer.cli.fix import Options, fix_all
    from optimizer.cli.monorepo.run import many

    chosen = tuple(select or ()), tuple(ignore or ())
    builds = timeout, tuple(build_arg or ()), target, tuple(secret or ()), platform
    with Messages():
        sets = many(jobs, dask, exclude or (), changed_since, summary or (), commit_per, cache=not no_cache)
        options = Options(
            write, check, unsafe, *chosen, verbose, stdin_filename, profile, context, no_context,
            form, output, sets, log,
        )  # fmt: skip
        prover = None
        if prove:
            from optimizer.cli.prover import ProofWishes, Prover

            prover = Prover(ProofWishes(builder, context, *builds))
        elif any((builder, *builds)):
            raise UsageError("the options for builds go with --prove")
        code = fix_all(tuple(paths or (".",)), options, prover)
    if code:
        raise typer.Exit(code)
