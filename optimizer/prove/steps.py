"""What a build did, step by step, out of BuildKit's rawjson progress."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct, field

Progress = Callable[[str], None]
"""Is told one line about the build as it happens."""

STEP = re.compile(r"^\[(?!internal\])[^\]]*\d+/\d+\] ")
"""A step of the Dockerfile: `[2/5] RUN make`, `[build 3/4] COPY . .`, not `[internal] load build context`."""

LOG_LIMIT = 20_000
"""Characters of a step's own output that are kept, from its end."""


class Step(Struct, frozen=True):
    """One instruction of a build. `seconds` is what it took; a cached one took none."""

    name: str
    cached: bool
    seconds: float

    @property
    def instruction(self) -> str:
        return re.sub(r"^\[[^\]]*\] ", "", self.name)


class _Vertex(Struct):
    name: str = ""
    cached: bool = False
    inputs: bool = False
    started: str = ""
    completed: str = ""
    error: str = ""
    log: str = ""

    @property
    def seconds(self) -> float:
        if not self.started or not self.completed:
            return 0.0
        return max((_time(self.completed) - _time(self.started)).total_seconds(), 0.0)


def _time(text: str) -> datetime:
    """BuildKit writes nanoseconds; Python reads microseconds."""
    return datetime.fromisoformat(re.sub(r"\.(\d{1,6})\d*", lambda found: "." + found[1].ljust(6, "0"), text))


class BuildLog(Struct):
    """Collects the progress of one build. `words` holds the lines that were no progress: the builder's own errors."""

    progress: Progress
    vertices: dict[str, _Vertex] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def read(self, lines: Iterable[bytes]) -> None:
        """Take in all of a build's standard error, as it comes."""
        for record in _records(lines):
            if isinstance(record, str):
                self.words.append(record)
                continue
            for row in record.get("vertexes") or ():
                self._vertex(row)
            for row in record.get("logs") or ():
                self._log(row)

    def _vertex(self, row: dict[str, Any]) -> None:
        vertex = self.vertices.setdefault(row["digest"], _Vertex())
        begun, ended = bool(vertex.started), bool(vertex.completed)
        vertex.name = row.get("name", vertex.name)
        vertex.cached = bool(row.get("cached", vertex.cached))
        vertex.inputs = vertex.inputs or bool(row.get("inputs"))
        vertex.started = vertex.started or row.get("started") or ""
        vertex.completed = row.get("completed") or vertex.completed
        vertex.error = row.get("error") or vertex.error
        if not STEP.match(vertex.name):
            return
        if vertex.completed and not ended:
            self.progress(f"{vertex.name}: {'cached' if vertex.cached else f'{vertex.seconds:.1f} s'}")
        elif vertex.started and not begun:
            self.progress(vertex.name)

    def _log(self, row: dict[str, Any]) -> None:
        text = base64.b64decode(row.get("data") or "").decode(errors="replace")
        vertex = self.vertices.setdefault(row["vertex"], _Vertex())
        vertex.log = (vertex.log + text)[-LOG_LIMIT:]
        for line in text.splitlines():
            self.progress(f"  {line}")

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps as they started, without FROM, which is no work; of an ADD's fetch and copy, the copy."""
        found: dict[str, _Vertex] = {}
        for vertex in sorted(self.vertices.values(), key=lambda vertex: vertex.started or vertex.completed):
            work = STEP.match(vertex.name) and "] FROM " not in vertex.name
            if work and (vertex.inputs or vertex.name not in found):
                found[vertex.name] = vertex
        return tuple(
            Step(name, vertex.cached, 0.0 if vertex.cached else vertex.seconds) for name, vertex in found.items()
        )

    @property
    def text(self) -> str:
        """The output of all steps."""
        return "".join(f"{vertex.name}\n{vertex.log}" for vertex in self.vertices.values() if vertex.log)

    @property
    def failure(self) -> tuple[str, str]:
        """Name of the step that failed with its error, and its output; without one, the builder's own words."""
        for vertex in self.vertices.values():
            if vertex.error and "context canceled" not in vertex.error:
                return f"{vertex.name}: {vertex.error}", vertex.log
        said = [word.removeprefix("ERROR: ") for word in self.words if word.startswith("ERROR: ")] or self.words
        message = "; ".join(word for word in said if word.strip()) or "no message"
        return message.removeprefix("failed to build: ").removeprefix("failed to solve: ")[:2000], ""


def _records(lines: Iterable[bytes]) -> Iterator[dict[str, Any] | str]:
    """JSON objects, on one line each (buildx 0.29) or on several (buildx 0.13), and the plain lines between them."""
    pending = ""
    for raw in lines:
        line = raw.decode(errors="replace").rstrip("\r\n")
        if not pending and not line.startswith("{"):
            yield line
            continue
        pending += line
        if not line.endswith("}"):
            continue
        try:
            record = json.loads(pending)
        except ValueError:
            continue
        pending = ""
        yield record
    if pending:
        yield pending
