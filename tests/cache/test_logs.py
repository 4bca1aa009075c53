"""Seconds and hits out of the logs of BuildKit and of the classic builder."""

from __future__ import annotations

import json

import pytest

from optimizer.cache import Builder
from optimizer.cache.logs import LogError, assigned, read_log
from tests.cache.build import planned

TEXT = """\
FROM golang AS build
WORKDIR /src
COPY d .
RUN go build
FROM scratch
COPY --from=build /src/app /app
"""
PLAIN = b"""\
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#5 [build 1/4] FROM docker.io/library/golang
#5 DONE 0.0s
#6 [build 2/4] WORKDIR /src
#6 CACHED
#7 [build 3/4] COPY d .
#7 DONE 0.1s
#8 [build 4/4] RUN go build
#8 0.412 some output that says #9 [build 2/4] RUN no
#8 DONE 31.5s
#9 [stage-1 1/1] COPY --from=build /src/app /app
#9 DONE 0.2s
"""


def records() -> list[dict[str, object]]:
    def vertex(name: str, cached: bool, seconds: int) -> dict[str, object]:
        times = {"started": "2026-01-01T00:00:00.0Z", "completed": f"2026-01-01T00:00:{seconds:02d}.123456789Z"}
        return {"vertexes": [{"digest": f"sha256:{name}", "name": name, "cached": cached, "inputs": ["x"], **times}]}

    return [
        vertex("[build 2/4] WORKDIR /src", True, 0),
        vertex("[build 3/4] COPY d .", False, 1),
        vertex("[build 4/4] RUN go build", False, 31),
        vertex("[stage-1 1/1] COPY --from=build /src/app /app", False, 2),
    ]


def told(data: bytes, builder: Builder = Builder.BUILDKIT) -> list[tuple[str, bool, float | None]]:
    plan = planned(TEXT, builder=builder)
    found = assigned(read_log(data), plan)
    return [(step.name, found[step].cached, found[step].seconds) for step in plan.steps if step in found]


def test_a_plain_log() -> None:
    assert told(PLAIN) == [("WORKDIR", True, None), ("COPY", False, 0.1), ("RUN", False, 31.5), ("COPY", False, 0.2)]


@pytest.mark.parametrize("indent", [None, 2], ids=["one a line", "pretty"])
def test_a_json_log(indent: int | None) -> None:
    data = "\n".join(json.dumps(record, indent=indent) for record in records()).encode()
    found = told(data)
    assert [(name, cached) for name, cached, _ in found] == [
        ("WORKDIR", True),
        ("COPY", False),
        ("RUN", False),
        ("COPY", False),
    ]
    assert found[0][2] is None
    assert found[2][2] == pytest.approx(31.123, abs=0.01)


def test_a_classic_log_tells_hits_and_no_times() -> None:
    data = b"""\
Step 1/6 : FROM golang AS build
 ---> aaaaaaaaaaaa
Step 2/6 : WORKDIR /src
 ---> Using cache
 ---> bbbbbbbbbbbb
Step 3/6 : COPY d .
 ---> cccccccccccc
Step 4/6 : RUN go build
 ---> Running in dddddddddddd
"""
    assert told(data, Builder.CLASSIC) == [("WORKDIR", True, None), ("COPY", False, None), ("RUN", False, None)]


def test_a_log_of_another_file_is_not_believed() -> None:
    assert told(PLAIN.replace(b"[build 4/4] RUN", b"[build 4/4] COPY"))[2][0] == "COPY"
    assert len(told(PLAIN.replace(b"[build 4/4] RUN", b"[build 4/4] COPY"))) == 3


@pytest.mark.parametrize("data", [b"", b"hello\n", b"{}", b'{"vertexes": [1]}', b"{", b'{"vertexes": 7}', b"\xff\xfe"])
def test_what_is_no_log(data: bytes) -> None:
    with pytest.raises(LogError):
        read_log(data)


def test_a_step_that_two_stages_share_is_told_once() -> None:
    text = "FROM a AS one\nRUN x\nRUN y\nFROM a AS two\nRUN x\nCOPY --from=one /o /o\n"
    log = b"#1 [one 2/3] RUN x\n#1 DONE 4.0s\n#2 [one 3/3] RUN y\n#2 CACHED\n"
    plan = planned(text)
    found = assigned(read_log(log), plan)
    assert [(found[step].seconds if step in found else -1) for step in plan.steps] == [4.0, None, 4.0, -1]
