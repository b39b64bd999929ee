"""Tables for other programs, spreadsheets among them."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from msk_monai.report.files import replacing

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write a table; what is there is replaced once the new one is complete.

    A text that a spreadsheet would take for a formula (file names and headers may say anything) has an apostrophe before it, which
    the spreadsheet takes away; numbers are as they are.

    Args:
        path: the file.
        columns: their names.
        rows: texts, numbers, and ``None`` for an empty field.

    Returns:
        The file.
    """
    with replacing(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(_plain, row) for row in rows)
    return path


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
