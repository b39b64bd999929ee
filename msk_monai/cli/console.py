"""What the commands share: options as values, tables as text, exit codes, quiet libraries."""

import logging
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from msk_monai.records import Result

TRUST_HELP = "Let the configs of a zip run what they like. For one time; without it, what may run code is listed and nothing runs."


class ExitCode(IntEnum):
    """What ``msk-monai`` returns to the shell."""

    DONE = 0
    """Every case ended with an answer, or is none for the bundle."""
    NOTHING_RAN = 1
    """The input, the bundle or the output folder cannot be used."""
    USAGE = 2
    """The command line is wrong."""
    SOME_FAILED = 3
    """Finished; some cases failed."""
    INTERRUPTED = 130
    """Stopped from the keyboard; the same command goes on."""


def exit_code(results: Iterable["Result"]) -> ExitCode:
    """What finished results come to."""
    failed = any(result.findings.status == "failed" for result in results)
    return ExitCode.SOME_FAILED if failed else ExitCode.DONE


def overrides(pairs: Sequence[str] | None) -> dict[str, Any]:
    """Turn ``id=value`` options into values, read as YAML; expressions and references (``$``, ``@``, ``%``) stay as they are.

    Raises:
        typer.BadParameter: a pair without ``=``.
    """
    import yaml

    values: dict[str, Any] = {}
    for pair in pairs or ():
        id, equals, text = pair.partition("=")
        if not equals or not id:
            raise typer.BadParameter(f"expected ID=VALUE, got {pair!r}")
        try:
            values[id] = text if text[:1] in ("$", "@", "%") else yaml.safe_load(text)
        except yaml.YAMLError:
            values[id] = text
    return values


def device_override(device: str | None) -> dict[str, Any]:
    """The override that runs a bundle on a device.

    Raises:
        typer.BadParameter: torch knows no such device.
    """
    if device is None:
        return {}
    import torch

    try:
        return {"device": torch.device(device)}
    except RuntimeError as fault:
        raise typer.BadParameter(f"expected a device such as cpu or cuda:0, got {device!r}") from fault


def quieten() -> None:
    """Keep what libraries log about themselves away from the user."""
    for name in ("monai", "nibabel.global", "pydicom"):
        logging.getLogger(name).setLevel(logging.ERROR)


def say(text: str) -> None:
    """Print a line for the user, not for a pipe."""
    print(plain(text), file=sys.stderr)


def plain(text: str) -> str:
    """A text without what a terminal would obey, or cannot print; names of files may hold anything."""
    return text if text.isprintable() else "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as text in aligned columns; on a terminal, lines end where it does."""
    cells = [tuple(plain(str(cell)).replace("\n", " ") for cell in row) for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        lines = [line if len(line) <= width else line[: width - 1] + "…" for line in lines]
    return "\n".join(lines)


def counted(results: Iterable["Result"]) -> str:
    """How many results have each status, as text."""
    counts: Mapping[str, int] = Counter(result.findings.status.value for result in results)
    return ", ".join(f"{counts[status]} {status}" for status in ("ok", "flagged", "failed", "skipped") if status in counts)
