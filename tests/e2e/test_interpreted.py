"""What `multi-stage` makes, built: the program starts and answers as before, out of a smaller image, sooner rebuilt."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec import Struct

from optimizer.prove.builders import Builder, BuildOptions, Order
from optimizer.prove.ignoring import with_patterns
from optimizer.prove.touch import copy_context, touch

from .corpus import FROM, Project, read_projects

PREFIX = "dockopt-interpreted-"
PROJECTS = {project.name: project for project in read_projects() if not project.unbuildable}
SMALLER = {
    "node-copy-first": 0.70,
    "node-front-end": 0.70,
    "python-copy-first": 0.70,
    "python-links-library": 0.70,
    "poetry-tides": 0.70,
    "uv-notes": 0.80,
    "py-c-extension": 0.50,
}
"""By which part the image shrinks at least; py-c-extension keeps gdb, which somebody wanted in it."""
SAME = {"php-composer": 0.40}
"""Those whose two stages stand on one image, as it has no slim variant."""
FASTER = {"node-copy-first": 1.3, "node-front-end": 1.3, "python-copy-first": 2.5}
"""Projects whose rebuild after a change of a source took an install before, and how much sooner it is done at least.

They are small: what a build takes in any case is most of the rest.
"""


class Built(Struct, frozen=True):
    """One variant. `size`: bytes; `seconds`: of the rebuild after a change of one source file."""

    size: int
    seconds: float
    answer: str


def build(project: Project, text: str, ignores: tuple[str, ...], builder: Builder, timeout: float) -> Built:
    """Build, run, touch a source file, build again."""
    here = BuildOptions.from_environment()
    options = BuildOptions(timeout=timeout, network=here.network, drop_syntax=here.drop_syntax)
    assert project.touched is not None
    with TemporaryDirectory() as name:
        folder = Path(name)
        context = copy_context(project.folder, folder)
        order = Order(text, context, f"{PREFIX}{project.name}:x", folder, with_patterns(None, context, ignores))
        try:
            image = builder.build(order, options, _ignored).image
            command = shlex.split(project.command)
            ran = builder.run(image, command, name=f"{PREFIX}{project.name}", timeout=120, network="none")
            size = _size(image)
            seconds = min(_rebuilt(order, context / project.touched, options, builder) for _ in range(2))
        finally:
            builder.clean(PREFIX)
    return Built(size, seconds, ran.output.strip())


def _rebuilt(order: Order, source: Path, options: BuildOptions, builder: Builder) -> float:
    touch(source.parent, source.name)
    return builder.build(order, options, _ignored).seconds


def _ignored(line: str) -> None:
    """What a build says as it goes."""


def _size(image: str) -> int:
    """Bytes of all layers."""
    command = ["docker", "image", "inspect", "--format", "{{.Size}}", image]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def bases(*texts: str) -> set[str]:
    """The images that Dockerfiles are built from."""
    rows = [row for text in texts for row in FROM.findall(text)]
    return {image for image, _ in rows} - {stage for _, stage in rows}


@pytest.mark.e2e
@pytest.mark.parametrize("name", [*SMALLER, *SAME])
def test_both_variants_build_and_answer_and_the_second_is_smaller_and_sooner_rebuilt(
    name: str, need: Callable[..., None], builder: Builder, timeout: float, record_property: Callable[..., None]
) -> None:
    project = PROJECTS[name]
    result = project.optimized(unsafe=True)
    assert "multi-stage" in {step.transform for step in result.steps}
    need(*bases(result.before, result.after))
    before = build(project, result.before, (), builder, timeout)
    after = build(project, result.after, result.ignores, builder, timeout)
    told = (
        f"{name}: {before.size / 1e6:.0f} -> {after.size / 1e6:.0f} MB, {before.seconds:.1f} -> {after.seconds:.1f} s"
    )
    record_property("measured", told)
    print(told)
    assert (before.answer, after.answer) == (project.answer, project.answer)
    assert after.size < before.size * (1 - {**SMALLER, **SAME}[name]), told
    if name in FASTER:
        assert after.seconds * FASTER[name] < before.seconds, told


def test_the_projects_are_converted() -> None:
    """Without a builder: of each project the last stage is a slim variant that takes what was built."""
    for name in SMALLER:
        after = PROJECTS[name].optimized(unsafe=True).after
        assert "-slim" in FROM.findall(after)[-1][0], name
        assert "COPY --from=builder" in after, name
    for name in SAME:
        images = FROM.findall(PROJECTS[name].optimized(unsafe=True).after)
        assert [image for image, _ in images] == [images[0][0]] * 2, name
