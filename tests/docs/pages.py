"""The guide's pages, and their blocks of commands and code, run as a reader would run them one after the other."""

import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msk_monai.cli import main as entry

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [Block(language, content) for language, content in re.findall(r"^```([^\n]*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)]


def commands(text: str) -> list[list[str]]:
    """The commands of a block of shell, without comments."""
    lines = text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def run_page(page: str, change: Callable[[list[str]], list[str]]) -> None:
    """Run the bash and python blocks of a page in this process and the current folder.

    Args:
        page: of ``docs``.
        change: makes a command smaller.
    """
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "python":
            exec(compile(block.text, page, "exec"), names)
        elif block.language == "bash":
            for command in commands(block.text):
                run(change(command))


def run(command: list[str]) -> None:
    """Run a command of the guide; the code that ``msk-monai`` and ``python -m`` run is run here, without importing it again."""
    match command:
        case ["msk-monai", *_]:
            _call(command, entry.main)
        case ["python", "-m", module, *rest]:
            _call([module, *rest], lambda: runpy.run_module(module, run_name="__main__"))
        case _:
            subprocess.run(command, check=True)


def _call(arguments: list[str], start: Callable[[], object]) -> None:
    before = sys.argv
    sys.argv = arguments
    try:
        start()
    except SystemExit as stop:
        if stop.code:
            raise AssertionError(f"{shlex.join(arguments)}: exit code {stop.code}") from stop
    finally:
        sys.argv = before
