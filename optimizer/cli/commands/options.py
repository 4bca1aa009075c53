"""The options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer.cli import completion

Select = Annotated[
    list[str] | None,
    typer.Option(metavar="IDS", help="Only these transforms (ids, with commas).", autocompletion=completion.listed),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(metavar="IDS", help="All but these transforms.", autocompletion=completion.listed),
]
Profile = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="safe, small or fast: a list of transforms.", autocompletion=completion.profiles),
]
Builder = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="docker, podman or buildah. Default: what works.", autocompletion=completion.builders
    ),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", metavar="N", help="Worker processes. Default: the cores, if it pays.")
]
Exclude = Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Pass over such paths, as in a .gitignore.")]
ChangedSince = Annotated[
    str | None, typer.Option(metavar="REV", help="Only files that differ from where this branch left REV.")
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Use no results of earlier runs, keep none.")]
Context = Annotated[Path | None, typer.Option(metavar="DIR", help="The build context. Default: it is looked for.")]
Timeout = Annotated[float | None, typer.Option(metavar="SECONDS", help="For one build. Default: 1800.")]
BuildArgs = Annotated[list[str] | None, typer.Option(metavar="K=V", help="Passed to the builder, as the next three.")]
Output = Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there, not to standard output.")]
Target = Annotated[str | None, typer.Option(metavar="STAGE")]
Secrets = Annotated[list[str] | None, typer.Option(metavar="id=...,src=...")]
Platform = Annotated[str | None, typer.Option(metavar="OS/ARCH")]
Paths = Annotated[
    list[str] | None, typer.Argument(metavar="[PATHS]...", help="Files or folders. Default: this folder.")
]
Unsafe = Annotated[bool, typer.Option("--unsafe", help="Also what gives the image other content.")]
NoContext = Annotated[bool, typer.Option("--no-context", help="Look at nothing but the Dockerfiles.")]
