"""A picture of the vertebrae found on a film, with the angle and the interval between two of them drawn as they were measured."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.measure.vertebra_corners import VertebraCorners
from msk_monai.records import Findings, Measurement, Status
from msk_monai.report.picture import ANSWER, CURVE, DOUBT, INK, LENGTH, MARK, Array, Colour, Film, Panel, font, save_picture, sheet

INSET_WIDTH = 560
"""Pixels of the enlarged view's width."""
ENLARGED = 3.0
"""How much larger the inset shows a segment than the film beside it, at most."""
LEAST_WIDTH = 560
"""Pixels of the whole film's panel: a narrow film needs room for names beside it."""
LOWEST_CONFIDENCE = 0.5
"""A vertebra with a corner of less confidence is drawn as doubtful."""
_UNITS = {"deg": "°", "mm": " mm", "{pixels}": " px", "1": ""}

Segment = tuple[str, str]


class SpineOverlay:
    """Writes ``overlays/<name>.png``: the film with its vertebrae, and each segment enlarged beside it.

    The lines of a segment are those its measurements are made of: the upper vertebra's inferior and the lower one's superior
    endplate. Where they meet in the picture, the angle stands at that point; else perpendiculars to both carry it, as in Cobb's
    method. The main curve's angle stands in the same manner between the mid-lines of its end vertebrae, which is how it is
    measured (``msk_monai.measure.cobb``). A number that the findings withhold is not drawn.

    It takes ``findings``; ``source_key``, a film (1, columns, rows) as ``SeriesReader`` reads it; ``vertebrae_key``, a sequence of
    ``VertebraCorners`` in the film's pixels, empty or absent where nothing was found; and ``cobb_ends``, the names of the main
    curve's end vertebrae, where they are known.

    Args:
        source_key: the film as read.
        vertebrae_key: the vertebrae found.
        segments: pairs of names, the upper vertebra first; their measurements are called ``l4_l5_angle`` and
            ``l4_l5_interval_mean``, and the main curve's ``cobb_main``.
    """

    def __init__(
        self, *, source_key: str = "source", vertebrae_key: str = "vertebrae", segments: Sequence[Segment] = (("L4", "L5"),)
    ) -> None:
        self.source_key = source_key
        self.vertebrae_key = vertebrae_key
        self.segments = tuple((upper, lower) for upper, lower in segments)

    def __call__(self, data: Mapping[str, Any], *, folder: Path, name: str) -> Mapping[str, Path]:
        """Draw one film; see ``msk_monai.runner.Writer``."""
        findings: Findings = data["findings"]
        film = Film.of(data[self.source_key])
        found = {vertebra.name: vertebra for vertebra in data.get(self.vertebrae_key) or ()}
        measured = {measurement.name: measurement for measurement in findings.measurements}
        segments = [(found[upper], found[lower]) for upper, lower in self.segments if upper in found and lower in found]
        whole = film.whole(LEAST_WIDTH)
        panels = [whole, *_insets(film, whole, segments)]
        for panel in panels:
            for vertebra in found.values():
                _outline(panel, vertebra)
            for upper, lower in segments:
                _segment(panel, upper, lower, measured, arrow=panel is not whole)
        ends = [found[end] for end in data.get("cobb_ends") or () if end in found]
        if len(ends) == 2:
            first, second = (whole.place(end.mid_line) for end in ends)
            _angle(whole, first, second, _shown("Cobb ", measured.get("cobb_main")), CURVE)
        colour = ANSWER if findings.status is Status.FLAGGED else INK
        picture = sheet([panel.picture() for panel in panels], findings.reason or self._figures(measured), colour)
        return {"overlay": save_picture(picture, folder / "overlays" / f"{name}.png")}

    def _figures(self, measured: Mapping[str, Measurement]) -> str:
        """The caption of a film without a complaint."""
        named = []
        for upper, lower in self.segments:
            named += [
                (f"{upper}–{lower} angle ", f"{upper}_{lower}_angle"),
                (f"{upper}–{lower} interval ", f"{upper}_{lower}_interval_mean"),
            ]
        parts = (_stated(what, measured.get(name.lower())) for what, name in (*named, ("Cobb angle ", "cobb_main")))
        return "  ·  ".join(part for part in parts if part)


def _insets(film: Film, whole: Panel, segments: Sequence[tuple[VertebraCorners, VertebraCorners]]) -> list[Panel]:
    """One enlarged view for each segment, next to each other, as high as the film's own."""
    insets = []
    for upper, lower in segments:
        middle = (upper.inferior_endplate.mean(axis=0) + lower.superior_endplate.mean(axis=0)) / 2
        fitting = 0.45 * INSET_WIDTH / max(upper.width, lower.width, 1.0)
        insets.append(Panel(film, centre=middle, size=(INSET_WIDTH, whole.size[1]), scale=min(ENLARGED * whole.scale, fitting)))
    return insets


def _outline(panel: Panel, vertebra: VertebraCorners) -> None:
    doubtful = bool(vertebra.confidence.min() < LOWEST_CONFIDENCE)
    colour = DOUBT if doubtful else MARK
    polygon = panel.place(vertebra.polygon)
    panel.stroke(polygon[[0, 1, 2, 3, 0]], colour, width=1.5, dashed=doubtful)
    if panel.holds(polygon.mean(axis=0)):
        panel.text(polygon[[0, 3]].mean(axis=0) - np.array((9, 0)), vertebra.name, colour, anchor="rm")


def _segment(panel: Panel, upper: VertebraCorners, lower: VertebraCorners, measured: Mapping[str, Measurement], *, arrow: bool) -> None:
    pair = f"{upper.name}_{lower.name}".lower()
    top, bottom = panel.place(upper.inferior_endplate), panel.place(lower.superior_endplate)
    _angle(panel, top, bottom, _shown("", measured.get(f"{pair}_angle")), ANSWER)
    if arrow:
        _interval(panel, top, bottom, _shown("", measured.get(f"{pair}_interval_mean")))


def _shown(what: str, measurement: Measurement | None) -> str:
    """A measurement as text; nothing where there is no number."""
    if measurement is None or measurement.value is None:
        return ""
    return f"{what}{_number(measurement.value)}{_UNITS.get(measurement.unit, ' ' + measurement.unit)}"


def _stated(what: str, measurement: Measurement | None) -> str:
    """The same with its bounds and its flags."""
    text = _shown(what, measurement)
    if not text or measurement is None:
        return ""
    aside = "; ".join(measurement.flags)
    if measurement.lower is not None and measurement.upper is not None:
        aside = "; ".join((f"{_number(measurement.lower)} to {_number(measurement.upper)}", *measurement.flags))
    return f"{text} ({aside})" if aside else text


def _number(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _angle(panel: Panel, first: Array, second: Array, text: str, colour: Colour) -> None:
    """Draw two lines, prolonged, and the angle between them where there is a number for it.

    Args:
        panel: where to draw.
        first: (2, 2) panel points, the left and the right end of the upper line.
        second: the lower one.
        text: the angle.
        colour: of all of it.
    """
    vertex = _crossing(first, second)
    if not text:
        for line in (first, second):
            step = 0.2 * (line[1] - line[0])
            panel.stroke([line[0] - step, line[1] + step], colour, width=1.5)
    elif vertex is not None and panel.holds(vertex, margin=font().getlength(text) + 12) and _beside(vertex, first, second):
        _angle_at_vertex(panel, first, second, vertex, text, colour)
    else:
        _angle_by_perpendiculars(panel, first, second, text, colour)


def _angle_at_vertex(panel: Panel, first: Array, second: Array, vertex: Array, text: str, colour: Colour) -> None:
    ways = []
    for line in (first, second):
        order = np.argsort(np.linalg.norm(line - vertex, axis=1))
        near, far = line[order]
        panel.stroke([far + 0.15 * (far - near), vertex], colour, width=1.5)
        ways.append(near - vertex)
    radius = 0.7 * min(float(np.linalg.norm(way)) for way in ways)
    _arc(panel, vertex, ways[0], ways[1], radius, colour)
    outwards = -np.sign((ways[0] + ways[1])[0])
    panel.text(vertex + np.array((8 * outwards, 0)), text, colour, anchor="lm" if outwards > 0 else "rm")


def _angle_by_perpendiculars(panel: Panel, first: Array, second: Array, text: str, colour: Colour) -> None:
    """Perpendiculars to both lines, from a point beside them."""
    length = (_length(first) + _length(second)) / 2
    along = _unit(_unit(first[1] - first[0]) + _unit(second[1] - second[0]))
    side = _side(panel, first, second, along, length)
    ends = np.stack((first, second))[:, 1 if side > 0 else 0]
    reach = max(float((side * (end - ends.mean(axis=0))) @ along) for end in ends)
    top = ends.mean(axis=0) + side * (reach + 0.4 * length) * along
    gap = float(np.linalg.norm(second.mean(axis=0) - first.mean(axis=0)))
    if gap < 2 * length:  # no room for a crossing between the lines: it lies above both
        top += 0.5 * (gap + length) * np.array((along[1], -along[0]))
    radius, downwards = 0.4 * length, []
    for line in (first, second):
        direction = _unit(line[1] - line[0])
        down = np.array((-direction[1], direction[0]))
        foot = line[0] + direction * float((top - line[0]) @ direction)
        panel.stroke([line[0 if side > 0 else 1] - side * 0.15 * length * direction, foot + side * 6 * direction], colour, width=1.5)
        panel.stroke([foot, top], colour, width=1.5)
        if float((foot - top) @ down) < radius:
            panel.stroke([top, top + 1.2 * radius * down], colour, width=1.5)
        downwards.append(down)
    _arc(panel, top, downwards[0], downwards[1], radius, colour)
    panel.text(top + np.array((18 * side, 0)), text, colour, anchor="lm" if side > 0 else "rm")


def _side(panel: Panel, first: Array, second: Array, along: Array, length: float) -> int:
    """Where the lines come together if there is room, else where there is more: 1 for right, -1 for left."""
    apart = second - first
    closing = 1 if np.linalg.norm(apart[1]) <= np.linalg.norm(apart[0]) else -1
    ends = np.stack((first, second))
    room = {side: panel.holds(ends[:, 1 if side > 0 else 0].mean(axis=0) + side * 0.4 * length * along, margin=30) for side in (1, -1)}
    return closing if room[closing] or not room[-closing] else -closing


def _interval(panel: Panel, top: Array, bottom: Array, text: str) -> None:
    """A double arrow between the endplates where their distance is the mean one, and the number beside it.

    That is in the middle of the stretch where both lie, across their bisector (``msk_monai.measure.segment``).
    """
    along = _unit(_unit(top[1] - top[0]) + _unit(bottom[1] - bottom[0]))
    across = np.array((-along[1], along[0]))
    (first, second), (third, fourth) = (np.sort(line @ along) for line in (top, bottom))
    middle = (top.mean(axis=0) + bottom.mean(axis=0)) / 2
    middle = middle + ((max(first, third) + min(second, fourth)) / 2 - middle @ along) * along
    start, end = (_crossing(np.stack((middle, middle + across)), line) for line in (top, bottom))
    if not text or start is None or end is None:
        return
    head = min(7.0, float(np.linalg.norm(end - start)) / 3)
    panel.stroke([start, end], LENGTH, width=1.5)
    for tip, way in ((start, _unit(end - start)), (end, _unit(start - end))):
        panel.fill([tip, tip + head * way + 0.5 * head * along, tip + head * way - 0.5 * head * along], LENGTH)
    panel.text(middle + np.array((10, 0)), text, LENGTH)


def _arc(panel: Panel, centre: Array, start: Array, end: Array, radius: float, colour: Colour) -> None:
    """The shorter arc from one direction to the other."""
    a, b = (np.arctan2(way[1], way[0]) for way in (start, end))
    turn = (b - a + np.pi) % (2 * np.pi) - np.pi
    angles = a + np.linspace(0, 1, 25) * turn
    panel.stroke(centre + radius * np.stack((np.cos(angles), np.sin(angles)), axis=1), colour, width=1.5)


def _crossing(first: Array, second: Array) -> Array | None:
    """Where two lines through (2, 2) points meet; ``None`` for parallel ones."""
    matrix = np.stack((first[1] - first[0], second[0] - second[1]), axis=1)
    if abs(np.linalg.det(matrix)) < 1e-9:
        return None
    share = np.linalg.solve(matrix, second[0] - first[0])[0]
    point: Array = first[0] + share * (first[1] - first[0])
    return point


def _beside(point: Array, first: Array, second: Array) -> bool:
    """Whether a point lies to one side of both lines' ends, clear of them."""
    shares = [float((point - line[0]) @ _unit(line[1] - line[0])) / max(_length(line), 1e-9) for line in (first, second)]
    return min(shares) > 1.2 or max(shares) < -0.2


def _length(line: Array) -> float:
    return float(np.linalg.norm(line[1] - line[0]))


def _unit(vector: Array) -> Array:
    length = float(np.linalg.norm(vector))
    unit: Array = vector / length if length > 0 else np.array((1.0, 0.0))
    return unit
