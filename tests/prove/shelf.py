"""A builder that takes images from a shelf: each Dockerfile text stands for an archive made by the test."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from optimizer.prove.builders import BuildOptions, Built, Order, Ran
from optimizer.prove.errors import BuildFailed
from optimizer.prove.steps import Progress, Step


class Shelf:
    """Builds what is on the shelf; a text that is not there does not build.

    With an ignore file of its own, the image is that of `TEXT less IGNORE`. `statuses`: those of commands, by text.
    """

    name = "shelf"

    def __init__(self, images: Mapping[str, Sequence[bytes]], statuses: Mapping[str, int] | None = None) -> None:
        self.images = {text: list(archives) for text, archives in images.items()}
        self.statuses = statuses or {}
        self.tags: dict[str, str] = {}
        self.built: list[str] = []
        self.contexts: list[dict[str, bytes]] = []

    def build(self, order: Order, options: BuildOptions, progress: Progress) -> Built:
        text = order.text if order.ignore is None else f"{order.text} less {order.ignore}"
        if text not in self.images:
            raise BuildFailed(f"cannot build {text}")
        self.built.append(text)
        self.contexts.append({path.name: path.read_bytes() for path in order.context.iterdir() if path.is_file()})
        self.tags[order.tag] = text
        return Built(order.tag, order.tag, 1.0, (Step("[1/1] RUN x", not order.no_cache, 1.0),), "")

    @contextmanager
    def export(self, image: str) -> Iterator[BinaryIO]:
        archives = self.images[self.tags[image]]
        yield io.BytesIO(archives.pop(0) if len(archives) > 1 else archives[0])

    def run(
        self,
        image: str,
        command: Sequence[str],
        *,
        name: str,
        timeout: float,
        network: str | None = None,
        limit: int = 100_000,
    ) -> Ran:
        return Ran(self.statuses.get(self.tags[image], 0), "said", 0.1)

    def start(self, image: str, *, name: str, port: int | None, network: str | None = None) -> None:
        raise AssertionError("nothing to start")

    def health(self, name: str) -> str | None:
        return None

    def stop(self, name: str) -> str:
        return ""

    def clean(self, prefix: str) -> None:
        self.tags.clear()
