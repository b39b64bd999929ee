"""The cases as ``report.js`` takes them: texts that repeat are written once and numbered."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from msk_monai.records import Measurement, Result, Status
from msk_monai.report.comparison import Comparison
from msk_monai.report.distributions import Distribution, Quantity
from msk_monai.report.message_kinds import kind_of
from msk_monai.report.numbers import finite, unit_text
from msk_monai.report.problems import NO_REASON
from msk_monai.report.thumbnails import make_thumbnail, picture_of

WORST_FIRST = (Status.FAILED, Status.FLAGGED, Status.SKIPPED, Status.OK)
THUMBNAIL_BUDGET = 8_000_000
"""Bytes of all thumbnails on a page; in the page's text they are a third longer."""
_SHOWN_CLASSES = 0.005
"""Less probable classes are left out: they would be shown as 0 %."""
_TEXT_ONLY = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})

T = TypeVar("T")


class Numbered(Generic[T]):
    """Things and their numbers, in the order in which they were met."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}

    def __getitem__(self, thing: T) -> int:
        return self._numbers.setdefault(thing, len(self._numbers))

    @property
    def things(self) -> list[T]:
        """What has a number, by its number."""
        return list(self._numbers)


class Thumbnails:
    """The thumbnails that a page carries: as many as its budget allows, in the order in which they are asked for.

    Args:
        folder: the output folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.pictures = 0
        self.carried = 0
        self.bytes = 0

    def of(self, picture: str) -> str | None:
        """A picture's thumbnail in base64."""
        self.pictures += 1
        path = make_thumbnail(self._folder, picture)
        content = path.read_bytes() if path else b""
        if not content or self.bytes + len(content) > THUMBNAIL_BUDGET:
            return None
        self.carried += 1
        self.bytes += len(content)
        return b64encode(content).decode()


def case_data(
    results: Sequence[Result],
    spread: Mapping[Quantity, Distribution],
    comparison: Comparison | None,
    thumbnails: Thumbnails,
) -> dict[str, Any]:
    """What the page's script shows, as JSON has it.

    Args:
        results: in the order in which they are first shown.
        spread: the distribution of each of their measurements.
        comparison: the figures of each case, where there are some.
        thumbnails: those that the page carries.

    Returns:
        ``cases``, and the lists that their numbers count in: ``statuses``, ``bundles``, ``columns`` (values that can be shown and sorted
        by: label, unit, bundle), ``flags`` with the number of their kind, ``kinds`` of reasons and flags.
    """
    bundles: Numbered[str] = Numbered()
    columns: Numbered[Quantity] = Numbered()
    flags: Numbered[str] = Numbered()
    kinds: Numbered[str] = Numbered()
    cases = []
    for result in results:
        findings, name = result.findings, result.bundle.name
        case: dict[str, Any] = {"case": result.case, "bundle": bundles[name], "status": WORST_FIRST.index(findings.status)}
        if findings.status is not Status.OK:
            case["kind"] = kinds[kind_of(findings.reason or NO_REASON)]
        if findings.reason:
            case["reason"] = findings.reason
        measured = [(columns[Quantity(name, m.name, m.unit)], m) for m in findings.measurements]
        case["values"] = [_value(column, m, flags) for column, m in measured]
        case["outliers"] = [column for column, m in measured if result.case in spread[Quantity(name, m.name, m.unit)].outliers]
        if comparison is not None and name == comparison.bundle:
            figures = comparison.values.get(result.case, {})
            case["compared"] = [[columns[Quantity(name, figure, _COMPARED)], value] for figure, value in figures.items() if isfinite(value)]
        case |= _rest(result, thumbnails)
        cases.append({key: value for key, value in case.items() if value not in ([], {}, None)})
    return {
        "statuses": [status.value for status in WORST_FIRST],
        "bundles": bundles.things,
        "columns": [
            [q.name, "" if q.unit == _COMPARED else unit_text(q.unit), bundles[q.bundle], q.unit == _COMPARED] for q in columns.things
        ],
        "flags": [[flag, kinds[kind_of(flag)]] for flag in flags.things],
        "kinds": kinds.things,
        "cases": cases,
    }


def to_script(data: Mapping[str, Any]) -> str:
    """JSON that can stand in a ``<script>`` element: whatever the texts hold, no character of it can end the element."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).translate(_TEXT_ONLY)


_COMPARED = "\0compared"
"""Stands in the place of a unit; no unit can be so called."""


def _value(column: int, measurement: Measurement, flags: Numbered[str]) -> list[Any]:
    """Column, value, bounds, flags; what lacks at the end is left out."""
    numbers = [finite(number) for number in (measurement.value, measurement.lower, measurement.upper)]
    row: list[Any] = [column, *numbers, [flags[flag] for flag in measurement.flags] or None]
    while row[-1] is None and len(row) > 1:
        row.pop()
    return row


def _rest(result: Result, thumbnails: Thumbnails) -> dict[str, Any]:
    findings, source, seconds = result.findings, result.source, result.seconds
    picture = picture_of(result.outputs)
    spent = [part for part in (seconds.read, seconds.infer, seconds.write) if part is not None]
    return {
        "slice": [findings.slice.index, round(findings.slice.position_mm[2], 1)] if findings.slice else None,
        "classes": {name: round(share, 3) for name, share in findings.classes.items() if share >= _SHOWN_CLASSES},
        "files": [[kind, quote(path)] for kind, path in result.outputs.items()],
        "picture": quote(picture) if picture else None,
        "thumbnail": thumbnails.of(picture) if picture else None,
        "modality": source.modality,
        "study": source.study_instance_uid,
        "series": source.series_instance_uid,
        "path": source.path if source.path != result.case else None,
        "seconds": round(sum(spent), 2) if spent else None,
    }
