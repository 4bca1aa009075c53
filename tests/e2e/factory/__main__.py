"""The command line of the factory."""

import argparse
import fcntl
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from . import daemon, recipes
from .place import FactoryError, Place, find_place

ABOUT = """\
A private Docker daemon with stand-ins for official base images, for the end-to-end tests.

  python -m tests.e2e.factory up slim node-slim    fetch and start Docker, make these images
  eval "$(python -m tests.e2e.factory env)"        lead a shell's docker to it
  python -m tests.e2e.factory down                 stop it; images stay in the cache folder

The cache folder is ~/.cache/dockopt-e2e, or $DOCKOPT_E2E_CACHE. It wants Debian 12, root, and about 5 GB for all
the images.
"""


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """One factory at a time works in a cache folder; another waits."""
    place.root.mkdir(parents=True, exist_ok=True)
    with (place.root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def up(place: Place, names: list[str]) -> None:
    """Fetch, start, make the images; one line each on standard error."""
    with alone(place):
        daemon.fetch(place)
        daemon.start(place)
        begin = time.monotonic()
        for made in recipes.make(place, names):
            took = "was there" if made.seconds is None else f"{made.seconds:5.1f} s"
            print(
                f"{made.recipe.name:20} {took:>10} {made.size / 1e6:8.1f} MB  {' '.join(made.recipe.names)}",
                file=sys.stderr,
            )
        print(f"{len(names)} asked for, {time.monotonic() - begin:.1f} s", file=sys.stderr)


def show_environment(place: Place) -> None:
    """Print the variables as shell commands."""
    for name, value in place.variables.items():
        print(f"export {name}={shlex.quote(value)}")


def show_recipes() -> None:
    """Print the recipes with their official names."""
    for recipe in recipes.read_recipes().values():
        print(f"{recipe.name:20} {' '.join(recipe.names)}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="factory", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up_parser = commands.add_parser("up", help="fetch and start Docker, make images")
    up_parser.add_argument(
        "names", nargs="*", help="recipes or image names; none: the daemon alone; `all`: every recipe"
    )
    commands.add_parser("down", help="stop the daemon")
    commands.add_parser("env", help="print the variables for a shell")
    commands.add_parser("list", help="print the recipes")
    commands.add_parser("clean", help="stop the daemon and remove the cache folder")
    options = parser.parse_args(arguments)
    try:
        place = find_place()
        match options.command:
            case "up":
                up(place, list(recipes.read_recipes()) if options.names == ["all"] else options.names)
            case "down":
                daemon.stop(place)
            case "env":
                show_environment(place)
            case "list":
                show_recipes()
            case "clean":
                daemon.stop(place)
                shutil.rmtree(place.root, ignore_errors=True)
    except FactoryError as problem:
        print(f"factory: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
