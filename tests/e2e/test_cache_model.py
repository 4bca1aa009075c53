"""The cache model says of each step of a real rebuild what the builder did: hit or miss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.cache import Build, Outcome, judge, plan
from optimizer.cache.logs import assigned, log_of
from optimizer.facts import Facts
from optimizer.facts.context.disk import listed
from optimizer.facts.context.ignore import ignore_file
from optimizer.prove.builders import Builder, BuildOptions, Order
from optimizer.prove.touch import copy_context, touch
from optimizer.syntax.parser import parse

from .corpus import read_projects

NAMES = ("flask-notes", "node-copy-first", "node-build-good", "pip-cache-mount-good", "go-distroless-good")


@pytest.mark.e2e
@pytest.mark.parametrize("name", NAMES)
def test_each_step_of_a_rebuild_is_foretold(
    name: str, need: Callable[..., None], builder: Builder, timeout: float, tmp_path: Path
) -> None:
    project = next(project for project in read_projects() if project.name == name)
    need(*project.bases)
    context = copy_context(project.folder, tmp_path)
    text = project.text.decode()
    order = Order(text, context, f"dockopt-cache-{name}:x", tmp_path)
    options = BuildOptions.from_environment()

    def state() -> Build:
        return Build(Facts(parse(text), listed(context, ignore_file(context / "Dockerfile", context))))

    def ignored(line: str) -> None:
        """What a build says as it goes."""

    try:
        builder.build(order, options, ignored)
        before = plan(state())
        assert project.touched is not None
        for changed in (None, project.touched):
            if changed:
                touch(context, changed)
            after = plan(state())
            seen = assigned(log_of(builder.build(order, options, ignored).steps), after)
            assert set(seen) == set(after.steps)
            for verdict in judge(after, before):
                hit = seen[verdict.step].cached
                print(f"{name} {changed}: {verdict.outcome.value} {verdict.certain} {hit} {verdict.step.title}")
                assert not verdict.certain or hit == (verdict.outcome is Outcome.HIT), verdict.step.title
    finally:
        builder.clean("dockopt-cache-")
