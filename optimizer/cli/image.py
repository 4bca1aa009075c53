"""`dockopt image`: what each layer of an image holds and wastes, and which transform would mend it."""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec import Struct

from optimizer.cli.errors import UsageError
from optimizer.cli.output import Output
from optimizer.cli.progress import Progress
from optimizer.cli.prover import FindBuilder
from optimizer.prove.archive import Image, read_image
from optimizer.prove.builders import find_builder
from optimizer.prove.errors import BuilderFailed, BuilderMissing
from optimizer.prove.layers import analyze
from optimizer.prove.remedies import Remedies, groups
from optimizer.prove.report import render_image, render_image_json
from transforms.clean_in_same_layer import clean_in_same_layer
from transforms.merge_cleanup_run import merge_cleanup_run
from transforms.no_cache_flag import no_cache_flag

FORMATS = ("text", "json")
REMEDIES = Remedies(merge_cleanup_run, (no_cache_flag, clean_in_same_layer))


class ImageOptions(Struct, frozen=True):
    """The options of `dockopt image`."""

    builder: str | None
    platform: str | None
    format: str


def analyze_image(source: str, options: ImageOptions, find_a_builder: FindBuilder = find_builder) -> None:
    """Prints the analysis. Raises UsageError or ProofError."""
    if options.format not in FORMATS:
        raise UsageError(f"--format is {' or '.join(FORMATS)}, not `{options.format}`")
    progress = Progress()
    progress(f"reading {source}")
    try:
        image = _read(source, options, find_a_builder)
    finally:
        progress.clear()
    analysis = analyze(image)
    render = render_image_json if options.format == "json" else render_image
    output = Output()
    output.text(render(analysis, groups(image, analysis, REMEDIES)))
    output.flush()


def _read(source: str, options: ImageOptions, find_a_builder: FindBuilder) -> Image:
    if source == "-":
        return read_image(sys.stdin.buffer, platform=options.platform)
    if Path(source).exists() or source.endswith((".tar", ".tgz", ".gz")):
        return read_image(Path(source), platform=options.platform)
    try:
        builder = find_a_builder(options.builder)
    except BuilderMissing as problem:
        raise BuilderMissing(
            f"there is no file `{source}`, and no builder to ask for such an image: {problem}"
        ) from None
    try:
        with builder.export(source) as stream:
            return read_image(stream, platform=options.platform)
    except BuilderFailed as problem:
        raise BuilderFailed(f"`{source}` is no file, and no image that {builder.name} has: {problem}") from problem
