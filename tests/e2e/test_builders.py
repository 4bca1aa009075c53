"""What the user passes to the builder reaches it; a build that is stopped leaves nothing behind."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.prove.builders import Builder, BuildOptions, Order
from optimizer.prove.errors import BuildFailed, TimedOut
from optimizer.prove.workshop import PREFIX, Workshop, workshop

from .factory.place import Place

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def build(builder: Builder, shop: Workshop, text: str, context: Path, options: BuildOptions) -> str:
    return builder.build(Order(text, context, shop.tag(), shop.scratch()), options, print).tag


def test_arguments_target_and_secrets_reach_the_build(
    need: Callable[..., None], builder: Builder, context: Path
) -> None:
    need("busybox")
    secret = context / "secret"
    secret.write_text("hidden")
    text = (
        "# syntax=docker/dockerfile:1\nFROM busybox AS one\nARG WHO=nobody\n"
        "RUN --mount=type=secret,id=s echo $WHO $(cat /run/secrets/s) > /said\nFROM busybox\nRUN false\n"
    )
    options = BuildOptions({"WHO": "me"}, "one", (f"id=s,src={secret}",), "linux/amd64", 120, "host", True)
    with workshop(builder) as shop:
        tag = build(builder, shop, text, context, options)
        ran = builder.run(tag, ["cat", "/said"], name=shop.container(), timeout=30, network="host")
    assert (ran.status, ran.output) == (0, "me hidden\n")


def test_an_ignore_file_that_was_changed_is_used(need: Callable[..., None], builder: Builder, context: Path) -> None:
    need("busybox")
    (context / ".dockerignore").write_text("app.sh\n")
    with workshop(builder) as shop:
        order = Order("FROM busybox\nCOPY . /c\n", context, shop.tag(), shop.scratch(), ignore="data.txt\n")
        builder.build(order, BuildOptions.from_environment(), print)
        ran = builder.run(order.tag, ["ls", "/c"], name=shop.container(), timeout=30, network="host")
    assert ran.output == "app.sh\n"


def test_a_build_that_fails_shows_the_words_of_its_step(
    need: Callable[..., None], builder: Builder, context: Path
) -> None:
    need("busybox")
    with workshop(builder) as shop, pytest.raises(BuildFailed, match="exit code: 7") as caught:
        build(builder, shop, "FROM busybox\nRUN echo oh no; exit 7\n", context, BuildOptions.from_environment())
    assert caught.value.log == "oh no\n"


def test_a_command_that_takes_too_long_is_stopped(need: Callable[..., None], builder: Builder, context: Path) -> None:
    need("busybox")
    with workshop(builder) as shop:
        tag = build(builder, shop, "FROM busybox\nRUN touch /a\n", context, BuildOptions.from_environment())
        ran = builder.run(tag, ["sleep", "60"], name=shop.container(), timeout=1, network="host")
        assert ran.status is None
        assert containers() == []


def test_a_build_that_takes_too_long_is_stopped(
    need: Callable[..., None], builder: Builder, context: Path, place: Place
) -> None:
    need("busybox")
    options = BuildOptions(timeout=1.5, network="host")
    with workshop(builder) as shop, pytest.raises(TimedOut, match="longer than 2 s"):
        build(builder, shop, f"FROM busybox\nRUN sleep 77.{os.getpid()}\n", context, options)
    time.sleep(1)
    assert f"sleep\x0077.{os.getpid()}" not in processes()
    assert all_left(place) == ([], [], [])


SCRIPT = """
import sys
from pathlib import Path
from optimizer.prove.allowances import Allowance
from optimizer.prove.builders import BuildOptions, find_builder
from optimizer.prove.proof import ProofOptions, Rewrite, prove
from optimizer.prove.smoke import SmokeTest
text = "FROM busybox\\nCOPY . /app\\nRUN sleep 1.5\\n"
smoke = SmokeTest(command="sleep 1")
options = ProofOptions(BuildOptions.from_environment(), noise_check=True, smoke=smoke, touch="data.txt")
print("begin", flush=True)
context, allowances = Path(sys.argv[1]), {"nothing": Allowance()}
prove(text, [Rewrite("nothing", text + "RUN sleep 1.6\\n")], context, find_builder(), allowances, options)
"""


@pytest.mark.usefixtures("builder")
def test_interrupted_at_random_points_nothing_is_left(need: Callable[..., None], context: Path, place: Place) -> None:
    need("busybox")
    files = {path.name: path.read_bytes() for path in context.iterdir()}
    chance = random.Random(20)
    for number in range(20):
        with subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(context)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == b"begin\n"
            pause = chance.uniform(0, 9)
            time.sleep(pause)
            process.send_signal(chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
            process.communicate(timeout=60)
        assert process.returncode
        time.sleep(0.5)
        assert all_left(place) == ([], [], []), f"run {number}, after {pause:.2f} s"
        assert {path.name: path.read_bytes() for path in context.iterdir()} == files


def all_left(place: Place) -> tuple[list[str], list[str], list[str]]:
    """Containers and images, our temporary folders, and what the daemon has mounted."""
    folders = [path.name for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*")]
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    inside = [path for path in mounts if path.startswith(str(place.data)) and path != str(place.data)]
    images = docker("image", "ls", "--format", "{{.Repository}}", "--filter", f"reference={PREFIX}*")
    return containers() + images, folders, inside


def containers() -> list[str]:
    return docker("ps", "--all", "--format", "{{.Names}}")


def docker(*words: str) -> list[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.split()


def processes() -> str:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text())
        except OSError:
            continue
    return "\n".join(found)
