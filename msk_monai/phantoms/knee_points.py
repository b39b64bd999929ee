"""The sixteen points that a reader marks on the film of a knee, from the outlines that the bones throw on it."""

import numpy as np
import numpy.typing as npt
from skimage.measure import marching_cubes

from msk_monai.phantoms.knee import Knee, Solid, femur, tibia
from msk_monai.phantoms.projection import Points, View

Indices = npt.NDArray[np.intp]
_MESH_MM = 0.8
_COLUMN_MM = 0.1
"""Between the columns in which a shadow's edge is followed."""
_FLAT_MM = 0.8
"""A turning point is the middle of what lies so near to it in height: the lowest spot itself of a flat condyle is anywhere on it."""
_SHARP_MM = 0.3
"""The same at a tip."""
_FOOT = 0.6
"""A tubercle's foot lies within this share of the way to the plateau's edge."""


def knee_points(knee: Knee, view: View) -> Points:
    """Return (16, 2) the points of ``msk_monai.anatomy.knee.POINTS``, mm right of and below the view's origin on the detector.

    They lie on the outlines that the bones throw on the film, osteophytes left out: on the femur's lower and the tibia's upper one.
    """
    frame = np.stack([view.right, view.down])
    lateral = frame @ knee.tibia_frame[:, 0]
    lateral /= np.linalg.norm(lateral)
    up = frame @ knee.tibia_frame[:, 2]
    up -= (up @ lateral) * lateral
    axes = np.stack([lateral, up / np.linalg.norm(up)])
    middle = view.onto_detector(np.asarray(knee.centre, float)[None])[0]
    above = _outline(_surface(knee, femur(knee, plain=True), (-2, 45)), view, middle, axes, upper=False)
    below = _outline(_surface(knee, tibia(knee, plain=True), (-14, 18)), view, middle, axes, upper=True)
    return middle + np.concatenate([_on_femur(above), _on_tibia(below)]) @ axes


def _on_femur(line: Points) -> Points:
    """Seven points of its lower outline (N, 2): lateral, up; from the medial to the lateral side."""
    x, up = line.T
    lowest = [_turning(-up, np.flatnonzero(part)) for part in (x > 8, x < -8)]
    apex = _turning(up, np.arange(lowest[1], lowest[0] + 1))
    inner = [_halfway(line, low, apex) for low in lowest]
    edges = [_turning(sign * x - up, np.flatnonzero(sign * x >= 8)) for sign in (1, -1)]
    return line[[edges[0], lowest[0], inner[0], apex, inner[1], lowest[1], edges[1]]]


def _on_tibia(line: Points) -> Points:
    """Nine points of its upper outline."""
    x, up = line.T
    edges = [_turning(sign * x + up, np.flatnonzero(sign * x >= 20)) for sign in (1, -1)]
    tips = [_turning(up, np.flatnonzero((sign * x > 0) & (np.abs(x) < 16)), flat=_SHARP_MM) for sign in (1, -1)]
    valley = _turning(-up, np.arange(tips[1], tips[0] + 1))
    feet = []
    for tip, edge in zip(tips, edges, strict=True):
        rim = tip + round(_FOOT * (edge - tip))  # a plateau may fall off further out
        span = np.arange(min(tip, rim), max(tip, rim) + 1)
        feet.append(_halfway(line, int(span[up[span].argmin()]), tip))
    middles = [int(np.abs(x - (x[foot] + x[edge]) / 2).argmin()) for foot, edge in zip(feet, edges, strict=True)]
    return line[[edges[0], middles[0], feet[0], tips[0], valley, tips[1], feet[1], middles[1], edges[1]]]


def _turning(height: Points, span: Indices, *, flat: float = _FLAT_MM) -> int:
    """The middle of the flat part about the highest point within a span of an outline."""
    here = height[span]
    top = int(here.argmax())
    steep = np.flatnonzero(here < here[top] - flat)
    left, right = steep[steep < top], steep[steep > top]
    first = left[-1] + 1 if left.size else 0
    last = right[0] - 1 if right.size else len(span) - 1
    return int(span[(first + last) // 2])


def _halfway(line: Points, low: int, high: int) -> int:
    """Where an outline between two of its points is half as high."""
    span = np.arange(min(low, high), max(low, high) + 1)
    return int(span[np.abs(line[span, 1] - (line[low, 1] + line[high, 1]) / 2).argmin()])


def _outline(surface: tuple[Points, Indices], view: View, middle: Points, axes: Points, *, upper: bool) -> Points:
    """Return the upper or lower edge (N, 2) [lateral, up] of a surface's shadow, from the medial side.

    It is the envelope of the shadows of all edges of its triangles, each followed from column to column: where a surface is flat its
    corners alone leave columns without any.
    """
    corners, edges = surface
    spots = (view.onto_detector(corners) - middle) @ axes.T
    ends = spots[edges]
    ends = np.take_along_axis(ends, ends[:, :, :1].argsort(axis=1), axis=1)  # from left to right
    start, width = ends[:, 0], np.maximum(ends[:, 1, 0] - ends[:, 0, 0], 1e-9)
    slope = (ends[:, 1, 1] - ends[:, 0, 1]) / width
    first, last = (np.floor(ends[:, k, 0] / _COLUMN_MM).astype(int) for k in (0, 1))
    sign, least = (1.0 if upper else -1.0), int(first.min())
    best = np.full(int(last.max()) - least + 1, -np.inf)
    for step in range(1, int((last - first).max()) + 1):
        crossing = first + step <= last
        column = (first + step)[crossing]
        height = start[crossing, 1] + slope[crossing] * (column * _COLUMN_MM - start[crossing, 0])
        np.maximum.at(best, column - least, sign * height)
    known = np.flatnonzero(np.isfinite(best))
    return np.column_stack([(known + least) * _COLUMN_MM, sign * best[known]])


def _surface(knee: Knee, solid: Solid, heights: tuple[float, float]) -> tuple[Points, Indices]:
    """A bone's surface between two heights above the tibia's origin: its corners (N, 3), LPS mm, and edges (M, 2) between them."""
    distance, low, high = solid
    low, high = low.copy(), high.copy()
    low[2], high[2] = (knee.centre[2] + h * knee.size for h in heights)
    x, y, z = (np.arange(a, b, _MESH_MM, dtype=np.float32) for a, b in zip(low, high, strict=True))
    field = distance(x[None, None, :], y[None, :, None], z[:, None, None])
    vertices, triangles, *_ = marching_cubes(np.asarray(field), 0.0)
    edges = np.concatenate([triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    return np.asarray(vertices[:, ::-1] * _MESH_MM + [x[0], y[0], z[0]], np.float64), edges
