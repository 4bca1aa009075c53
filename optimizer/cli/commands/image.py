"""`dockopt image`."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages
from optimizer.cli.commands.options import Builder, Platform


def image(
    source: Annotated[
        str, typer.Argument(metavar="ARCHIVE|REF", help="What `docker save` wrote, `-`, or an image that is there.")
    ],
    builder: Builder = None,
    platform: Platform = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Show the layers of an image, the bytes that are shipped in vain, and the transform that would mend it.

    Exit codes: 0 shown; 2 usage; 4 the image cannot be read.
    """
    with Messages():
        from optimizer.cli.image import ImageOptions, analyze_image

        analyze_image(source, ImageOptions(builder, platform, form))
