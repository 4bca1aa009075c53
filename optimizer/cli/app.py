"""The commands of `dockopt`. They print; the work is done by the public API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from optimizer.cli import VERSION, completion
from optimizer.cli.errors import UsageError

app = typer.Typer(
    name="dockopt",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


_Select = Annotated[
    list[str] | None,
    typer.Option(metavar="IDS", help="Only these transforms (ids, with commas).", autocompletion=completion.listed),
]
_Ignore = Annotated[
    list[str] | None,
    typer.Option(metavar="IDS", help="All but these transforms.", autocompletion=completion.listed),
]
_Profile = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="safe, small or fast: a list of transforms.", autocompletion=completion.profiles),
]
_Builder = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="docker, podman or buildah. Default: what works.", autocompletion=completion.builders
    ),
]
_Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", metavar="N", help="Worker processes. Default: the cores, if it pays.")
]
_Exclude = Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Pass over such paths, as in a .gitignore.")]
_ChangedSince = Annotated[
    str | None, typer.Option(metavar="REV", help="Only files that differ from where this branch left REV.")
]
_NoCache = Annotated[bool, typer.Option("--no-cache", help="Use no results of earlier runs, keep none.")]
_Context = Annotated[Path | None, typer.Option(metavar="DIR", help="The build context. Default: it is looked for.")]
_Timeout = Annotated[float | None, typer.Option(metavar="SECONDS", help="For one build. Default: 1800.")]
_BuildArgs = Annotated[list[str] | None, typer.Option(metavar="K=V", help="Passed to the builder, as the next three.")]
_Output = Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there, not to standard output.")]
_Target = Annotated[str | None, typer.Option(metavar="STAGE")]
_Secrets = Annotated[list[str] | None, typer.Option(metavar="id=...,src=...")]
_Platform = Annotated[str | None, typer.Option(metavar="OS/ARCH")]


def run(words: list[str], name: str = "dockopt") -> None:
    """Run the command that the words name; always ends in SystemExit. `name`: what the program is called by."""
    completion.prepare()
    app(words, prog_name=name)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dockopt {VERSION}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Rewrites Dockerfiles so that images get smaller and rebuilds faster, and never breaks a build."""


@app.command()
def fix(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATHS]...", help="Files, folders, or `-` for standard input. Default: this folder."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", "-w", help="Rewrite the files in place.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if something would change.")] = False,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Also what gives the image other content.")] = False,
    select: _Select = None,
    ignore: _Ignore = None,
    profile: _Profile = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also what was not changed, and why.")] = False,
    stdin_filename: Annotated[
        str | None, typer.Option(metavar="NAME", help="The path of what `-` reads, for settings and messages.")
    ] = None,
    prove: Annotated[
        bool, typer.Option("--prove", help="Build each changed file before and after; write only what is proved.")
    ] = False,
    builder: _Builder = None,
    context: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The build context of the files. Default: it is looked for.")
    ] = None,
    no_context: Annotated[bool, typer.Option("--no-context", help="Look at nothing but the Dockerfiles.")] = False,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The log of a build of the one file: real seconds. `-`: standard input."),
    ] = None,
    timeout: _Timeout = None,
    build_arg: _BuildArgs = None,
    target: _Target = None,
    secret: _Secrets = None,
    platform: _Platform = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, json, sarif, github, gitlab, junit, checkstyle or rdjson.",
        ),
    ] = "text",
    output: _Output = None,
    jobs: _Jobs = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Workers of this Dask scheduler instead.")] = None,
    exclude: _Exclude = None,
    changed_since: _ChangedSince = None,
    summary: Annotated[
        list[str] | None,
        typer.Option(metavar="transform|folder|owner", help="A table in the place of diffs; may be repeated."),
    ] = None,
    commit_per: Annotated[
        str | None, typer.Option(metavar="transform|folder|owner", help="With --write: a git commit for each.")
    ] = None,
    no_cache: _NoCache = False,
) -> None:
    """Show what would be better, as a unified diff with a reason for each change; or write it.

    Exit codes: 0 nothing pending, shown, or written; 1 pending under --check; 2 usage or unreadable input;
    3 a step was refused by a check; 4 a change was not proved under --prove (it is not written).
    """
    from optimizer.cli.fix import Options, fix_all
    from optimizer.cli.monorepo.run import many

    chosen = tuple(select or ()), tuple(ignore or ())
    builds = timeout, tuple(build_arg or ()), target, tuple(secret or ()), platform
    with _Messages():
        sets = many(jobs, dask, exclude or (), changed_since, summary or (), commit_per, cache=not no_cache)
        options = Options(
            write,
            check,
            unsafe,
            *chosen,
            verbose,
            stdin_filename,
            profile,
            context,
            no_context,
            form,
            output,
            sets,
            log,
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


@app.command()
def prove(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]...", help="Files or folders. Default: this folder.")
    ] = None,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Prove the unsafe changes too.")] = False,
    select: _Select = None,
    ignore: _Ignore = None,
    profile: _Profile = None,
    builder: _Builder = None,
    context: _Context = None,
    timeout: _Timeout = None,
    build_arg: _BuildArgs = None,
    target: _Target = None,
    secret: _Secrets = None,
    platform: _Platform = None,
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
    with _Messages():
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


@app.command()
def report(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]...", help="Files or folders. Default: this folder.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page there.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the same as JSON.")] = None,
    history: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="What --json wrote earlier, or a folder of it: the page shows the trend."),
    ] = None,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Also what gives the image other content.")] = False,
    select: _Select = None,
    ignore: _Ignore = None,
    profile: _Profile = None,
    context: _Context = None,
    no_context: Annotated[bool, typer.Option("--no-context", help="Look at nothing but the Dockerfiles.")] = False,
    jobs: _Jobs = None,
    exclude: _Exclude = None,
    changed_since: _ChangedSince = None,
    no_cache: _NoCache = False,
) -> None:
    """Write one page of HTML that shows what `fix` would change and why, and what that saves. Changes nothing.

    Exit codes: 0 written; 2 usage, or a file that is unreadable or no builder accepts (the page says which);
    3 a step was refused by a check (the page says which).
    """
    with _Messages():
        from optimizer.cli.monorepo.run import many
        from optimizer.cli.report import ReportOptions, report_all

        chosen = tuple(select or ()), tuple(ignore or ()), profile, context, no_context
        sets = many(jobs, None, exclude or (), changed_since, (), None, cache=not no_cache)
        options = ReportOptions(html, json, tuple(history or ()), unsafe, *chosen, sets)
        code = report_all(tuple(paths or (".",)), options)
    if code:
        raise typer.Exit(code)


@app.command()
def image(
    source: Annotated[
        str, typer.Argument(metavar="ARCHIVE|REF", help="What `docker save` wrote, `-`, or an image that is there.")
    ],
    builder: _Builder = None,
    platform: _Platform = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Show the layers of an image, the bytes that are shipped in vain, and the transform that would mend it.

    Exit codes: 0 shown; 2 usage; 4 the image cannot be read.
    """
    with _Messages():
        from optimizer.cli.image import ImageOptions, analyze_image

        analyze_image(source, ImageOptions(builder, platform, form))


@app.command()
def cache(
    path: Annotated[
        str, typer.Argument(metavar="[PATH]", help="A Dockerfile, or a folder. Default: this folder.")
    ] = ".",
    changed: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Files of the context that change. Default: a source file.")
    ] = None,
    commits: Annotated[
        str | None,
        typer.Option(metavar="A..B", help="The build of commit B after that of A; `B`: after the one before."),
    ] = None,
    last: Annotated[int | None, typer.Option(metavar="N", help="Replay the last N commits, before and after.")] = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The log of a build: real seconds. `-`: standard input.")
    ] = None,
    builder: Annotated[
        str, typer.Option(metavar="NAME", help="buildkit, containerd (BuildKit with containerd's store) or classic.")
    ] = "buildkit",
    context: _Context = None,
    build_arg: _BuildArgs = None,
    target: _Target = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Show which steps a change makes a builder run again, why, and what that takes. Builds nothing.

    Exit codes: 0 shown; 2 usage or unreadable input.
    """
    with _Messages():
        from optimizer.cli.cache import CacheOptions, cache_all

        code = cache_all(
            path,
            CacheOptions(
                tuple(changed or ()), commits, last, log, builder, form, context, tuple(build_arg or ()), target
            ),
        )
    if code:
        raise typer.Exit(code)


@app.command()
def graph(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="A Dockerfile, or a folder that has one.")] = ".",
    target: _Target = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="mermaid, dot or svg.")] = "mermaid",
) -> None:
    """Draw the stages and steps of a build and what goes from one to another. Stages in one column are built at once.

    Exit codes: 0 drawn; 2 usage or unreadable input.
    """
    with _Messages():
        from optimizer.cli.graph import draw

        draw(path, form, target)


@app.command()
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
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Also what gives the image other content.")] = False,
    select: _Select = None,
    ignore: _Ignore = None,
    profile: _Profile = None,
    output: _Output = None,
) -> None:
    """Review the Dockerfiles that a change touches: suggestions on its lines, the rest in a summary.

    Nothing is said twice: a second --post brings the summary up to date and adds only what is new.

    Exit codes: 0 printed or sent; 2 usage, unreadable input, or the server says no.
    """
    with _Messages():
        from optimizer.cli.review import ReviewOptions, review_all

        chosen = unsafe, tuple(select or ()), tuple(ignore or ()), profile
        review_all(ReviewOptions(base, head, form, post, *chosen, repository, pull_request, output))


@app.command()
def lock(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATHS]...", help="Files or folders.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Ask again for what is locked already.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Ask nobody; exit with 1 where an entry is missing.")] = False,
) -> None:
    """Keep `dockopt.lock`: the digests of base images without a tag, which `pin-base` then writes into Dockerfiles.

    Exit codes: 0 up to date or written; 1 an entry is missing under --check; 2 usage, or a registry does not tell.
    """
    with _Messages():
        from optimizer.cli.lock import Wishes
        from optimizer.cli.lock import lock as keep

        code = keep(paths or [], Wishes(update, check))
    raise typer.Exit(code)


@app.command()
def rules() -> None:
    """List the transforms in the order in which they run."""
    from optimizer.cli.catalogue import listing

    typer.echo(listing(), nl=False)


@app.command()
def explain(
    transform: Annotated[
        str, typer.Argument(metavar="ID", help="The id of a transform.", autocompletion=completion.transforms)
    ],
) -> None:
    """Say what a transform does, what it never does, and show its examples."""
    from optimizer.cli.catalogue import explanation

    with _Messages():
        text = explanation(transform)
    typer.echo(text, nl=False)


@app.command(name="completion")
def _completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", autocompletion=completion.shells)],
) -> None:
    """Print what makes a shell complete the commands, options and ids of dockopt."""
    with _Messages():
        text = completion.script(shell)
    typer.echo(text, nl=False)


@app.command()
def lsp(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Over standard input and output: the only way, said by some editors.")
    ] = True,
) -> None:
    """Serve an editor: diagnostics, fixes and hovers while one types. It needs `pip install dockopt[lsp]`."""
    with _Messages():
        try:
            from optimizer.lsp.server import serve
        except ModuleNotFoundError as error:
            raise UsageError(
                f"the language server needs `{error.name}`; `pip install dockopt[lsp]` brings it"
            ) from error
        serve()


@app.command()
def man() -> None:
    """Print the manual page: `dockopt man | man -l -`."""
    from optimizer.cli.manual import manual

    typer.echo(manual(typer.main.get_group(app)), nl=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the settings, for editors."""
    from optimizer.cli.schema import written

    typer.echo(written(), nl=False)


class _Messages:
    """Turns an InputError, a ProofError or an interruption into its message and its exit code."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        code = getattr(error, "exit_code", None) if not isinstance(error, typer.Exit) else None
        if isinstance(error, KeyboardInterrupt):
            code = 128 + getattr(error, "number", 2)
        if code is None:
            return
        sys.stdout.flush()
        typer.echo(f"dockopt: {'interrupted; nothing is left behind' if code > 128 else error}", err=True)
        raise typer.Exit(code) from error
