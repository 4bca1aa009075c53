"""The picture of a terminal in the README: `python -m tests.picture` says if it is stale, `--write` draws it.

It shows what a real run writes to a terminal. It asks nobody for anything: no font comes from elsewhere.
"""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "optimizer" / "docs" / "terminal.svg"
FOLDER = ROOT / "corpus" / "projects" / "node-copy-first"
COMMAND = ("fix",)
WIDTH = 104
_RUN = "import sys; from optimizer.cli import main; main(sys.argv[1:])"
_THEME = TerminalTheme(
    (17, 20, 23),
    (222, 226, 230),
    [
        (60, 66, 72),
        (255, 167, 157),
        (132, 219, 160),
        (239, 199, 121),
        (128, 189, 255),
        (214, 168, 255),
        (126, 217, 222),
        (222, 226, 230),
    ],
)
_FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{unique_id}-name">
<title id="{unique_id}-name">A terminal that runs dockopt</title>
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}}
.{unique_id}-title {{ font: 15px system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def run(*words: str) -> str:
    """What the command writes to a terminal, then what it notes. Raises RuntimeError where it fails."""
    ours, theirs = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "HOME": "/nonexistent",
    }
    command = [sys.executable, "-c", _RUN, *words]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, cwd=FOLDER, env=environment) as process:
        os.close(theirs)
        shown = bytearray()
        while True:
            try:
                read = os.read(ours, 65536)
            except OSError:  # How Linux says that nobody holds the other end.
                break
            if not read:
                break
            shown += read
        notes = process.stderr.read() if process.stderr else b""
    os.close(ours)
    if process.returncode:
        raise RuntimeError(f"dockopt {' '.join(words)}: {notes.decode()}")
    return (bytes(shown) + notes).decode().replace("\r\n", "\n")


def drawn(text: str, title: str) -> str:
    """The text, which may hold colours, in the window of a terminal."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(text))
    drawing = console.export_svg(title=title, theme=_THEME, code_format=_FORMAT, unique_id="dockopt")
    return "\n".join(line.rstrip() for line in drawing.split("\n"))


def picture() -> str:
    """The picture as it should be."""
    command = " ".join(("dockopt", *COMMAND))
    return drawn(f"\x1b[1m$ {command}\x1b[0m\n{run(*COMMAND)}", command)


def main() -> None:
    """Say whether the picture is stale, or draw it."""
    if "--write" in sys.argv[1:]:
        PICTURE.write_text(picture(), "utf-8")
    elif PICTURE.read_text("utf-8") != picture():
        sys.exit(f"{PICTURE.relative_to(ROOT)} is stale: run `make picture`")


if __name__ == "__main__":
    main()
