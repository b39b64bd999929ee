"""A picture of the landmarks found on a film, with the lines that were measured and their lengths."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.measure.marks import MarkedLine, MarkedObject
from msk_monai.records import Findings, Measurement, Status
from msk_monai.report.picture import ANSWER, DOUBT, INK, LENGTH, MARK, Array, Film, Panel, font, save_picture, sheet

INSET = 620
"""Pixels of the longer side of an object's enlarged view."""
LEAST_WIDTH = 560
LOWEST_CONFIDENCE = 0.3
"""A point of less is drawn as doubtful."""
_LARGE = 0.6
"""An object that takes so much of the film's width or height gets no enlarged view."""
_ROOM = 1.25
_UNITS = {"deg": "°", "mm": " mm", "{pixels}": " px", "1": ""}
_BESIDE = np.array((5.0, -9.0))
"""From a point to its number."""
_LONG = 150.0
"""Lines of so many pixels have their lengths above or below them, others beside them."""
Box = tuple[float, float, float, float]


class LandmarkOverlay:
    """Writes ``overlays/<name>.png``: the film with its points, and each object enlarged beside it where it is small.

    It takes ``findings``; ``source``, a film (1, columns, rows) as ``SeriesReader`` reads it; ``objects``, a sequence of
    ``msk_monai.measure.marks.MarkedObject``; and ``lines``, of ``MarkedLine``, where there are any. Points are numbered as the findings
    list them, by object.

    Args:
        captioned: names of the measurements to write below the film, sides left out.
        numbered: whether points bear their numbers.
    """

    def __init__(self, *, captioned: Sequence[str] = (), numbered: bool = True) -> None:
        self.captioned, self.numbered = tuple(captioned), numbered

    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> Mapping[str, Path]:
        """Draw one film; see ``msk_monai.runner.Writer``."""
        findings: Findings = data["findings"]
        film = Film.of(data["source"])
        objects: Sequence[MarkedObject] = data.get("objects") or ()
        lines: Sequence[MarkedLine] = data.get("lines") or ()
        whole = film.whole(LEAST_WIDTH)
        insets = [inset for one in objects if (inset := _inset(film, one)) is not None]
        for panel in (whole, *insets):
            close = panel is not whole or not insets
            for line in lines:
                _draw_line(panel, line, labelled=close)
            for one in objects:
                self._draw_points(panel, one, numbered=close and self.numbered)
            if close:
                _label_lines(panel, lines, [box for one in objects for box in self._boxes(panel, one)])
        colour = ANSWER if findings.status is Status.FLAGGED else INK
        caption = findings.reason or self._figures(findings.measurements) or f"{len(findings.landmarks)} landmarks"
        picture = sheet([panel.picture() for panel in (whole, *insets)], caption, colour)
        return {"overlay": save_picture(picture, folder / "overlays" / f"{name}.png")}

    def _draw_points(self, panel: Panel, one: MarkedObject, *, numbered: bool) -> None:
        for number, (place, sure) in enumerate(zip(panel.place(one.points), one.confidence, strict=True), 1):
            colour = MARK if sure >= LOWEST_CONFIDENCE else DOUBT
            panel.stroke(place + np.array([(-4, 0), (4, 0)]), colour, width=1.5)
            panel.stroke(place + np.array([(0, -4), (0, 4)]), colour, width=1.5)
            if numbered and panel.holds(place):  # elsewhere it would be moved in
                panel.text(place + _BESIDE, str(number), colour)

    def _boxes(self, panel: Panel, one: MarkedObject) -> list[Box]:
        """What the points of an object and their numbers cover."""
        boxes = []
        for number, place in enumerate(panel.place(one.points), 1):
            boxes.append((*(place - 4), *(place + 4)))
            if self.numbered and panel.holds(place):
                boxes.append(_text_box(place + _BESIDE, str(number), "lm"))
        return boxes

    def _figures(self, measurements: Sequence[Measurement]) -> str:
        parts = []
        for measurement in measurements:
            plain = measurement.name.removeprefix("right_").removeprefix("left_")
            if plain in self.captioned and measurement.value is not None:
                parts.append(f"{measurement.name.replace('_', ' ')} {_number(measurement)}{_UNITS.get(measurement.unit, '')}")
        return ", ".join(parts)


def _inset(film: Film, one: MarkedObject) -> Panel | None:
    """An enlarged view of an object, or None where the film shows hardly more than it."""
    low, high = one.points.min(axis=0), one.points.max(axis=0)
    extent = (high - low) * (1.0, film.aspect)
    size = np.array(film.image.size) * (1.0, film.aspect)
    if (extent > _LARGE * size).any():
        return None
    scale = INSET / (_ROOM * float(extent.max()))
    height = int(np.clip(_ROOM * extent[1] * scale + 160, 240, INSET))
    return Panel(film, centre=((low + high) / 2).tolist(), size=(INSET, height), scale=scale)


def _draw_line(panel: Panel, line: MarkedLine, *, labelled: bool) -> None:
    panel.stroke(panel.place([line.start, line.end]), LENGTH, width=1.5 if labelled else 1.0)


def _number(measurement: Measurement) -> str:
    digits = 2 if measurement.unit == "1" else 1
    return f"{round(measurement.value or 0.0, digits) + 0.0:.{digits}f}".replace("-", "−")  # + 0.0: never -0.0


def _label_lines(panel: Panel, lines: Sequence[MarkedLine], taken: Sequence[Box]) -> None:
    """Write the lengths of the lines that a panel shows where they hide as little as they can."""
    shown = [(line, start, end) for line in lines for start, end in [panel.place([line.start, line.end])] if panel.holds((start + end) / 2)]
    boxes = [*taken, *(box for _, start, end in shown for box in _along(start, end))]
    for number, (line, start, end) in enumerate(shown):
        options = [(place, anchor, _text_box(place, line.label, anchor)) for place, anchor in _places(start, end, above=number == 0)]
        place, anchor, box = min(options, key=lambda option: sum(_meet(option[2], other) for other in boxes))
        boxes.append(box)
        panel.text(place, line.label, LENGTH, anchor=anchor)


def _places(start: Array, end: Array, *, above: bool) -> list[tuple[Array, str]]:
    """Where a line's length may stand, the best first."""
    if np.linalg.norm(end - start) <= _LONG:
        middle = (start + end) / 2
        return [(middle + np.array((x, y)), "lm" if x > 0 else "rm") for y in (0.0, 20.0, -20.0, 40.0, -40.0) for x in (10.0, -10.0)]
    offsets = (-14.0, 14.0, -34.0, 34.0) if above else (14.0, -14.0, 34.0, -34.0)
    return [(start + share * (end - start) + np.array((0.0, y)), "mm") for y in offsets for share in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)]


def _along(start: Array, end: Array) -> list[Box]:
    """What a line covers."""
    count = int(np.linalg.norm(end - start) // 8) + 1
    return [(*(spot - 1), *(spot + 1)) for spot in np.linspace(start, end, count + 1)]


def _text_box(place: Array, text: str, anchor: str) -> Box:
    x0, y0, x1, y1 = font().getbbox(text, anchor=anchor)
    return place[0] + x0 - 3, place[1] + y0 - 3, place[0] + x1 + 3, place[1] + y1 + 3


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
