"""The sixteen points that a reader marks on the film of a knee, from the outlines that the bones throw on it."""

import numpy as np
from skimage.measure import marching_cubes

from msk_monai.phantoms.knee import Knee, Solid, femur, tibia
from msk_monai.phantoms.projection import Points, View

_MESH_MM = 0.8
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
    reach = 60 * knee.size * float(view.magnification(np.asarray(knee.centre, float)))
    above = _outline(_surface(knee, femur(knee, plain=True), (-2, 45)), view, middle, axes, upper=False, reach=reach)
    below = _outline(_surface(knee, tibia(knee, plain=True), (-14, 18)), view, middle, axes, upper=True, reach=reach)
    return middle + np.concatenate([_on_femur(above), _on_tibia(below)]) @ axes


def _on_femur(line: Points) -> Points:
    """Seven points of its lower outline (N, 2): lateral, up; from the medial to the lateral side."""
    lowest = [int(np.where(part, line[:, 1], np.inf).argmin()) for part in (line[:, 0] > 8, line[:, 0] < -8)]
    between = np.arange(lowest[1], lowest[0] + 1)
    apex = int(between[line[between, 1].argmax()])
    inner = [_halfway(line, low, apex) for low in lowest]
    edges = [int((sign * line[:, 0] - line[:, 1] - 1e3 * (sign * line[:, 0] < 8)).argmax()) for sign in (1, -1)]
    return line[[edges[0], lowest[0], inner[0], apex, inner[1], lowest[1], edges[1]]]


def _on_tibia(line: Points) -> Points:
    """Nine points of its upper outline."""
    edges = [int((sign * line[:, 0] + line[:, 1] - 1e3 * (sign * line[:, 0] < 20)).argmax()) for sign in (1, -1)]
    tips = [int(np.where((sign * line[:, 0] > 0) & (np.abs(line[:, 0]) < 16), line[:, 1], -np.inf).argmax()) for sign in (1, -1)]
    between = np.arange(tips[1], tips[0] + 1)
    valley = int(between[line[between, 1].argmin()])
    feet = []
    for tip, edge in zip(tips, edges, strict=True):
        rim = tip + round(_FOOT * (edge - tip))  # a plateau may fall off further out
        span = np.arange(min(tip, rim), max(tip, rim) + 1)
        feet.append(_halfway(line, int(span[line[span, 1].argmin()]), tip))
    middles = [int(np.abs(line[:, 0] - (line[foot, 0] + line[edge, 0]) / 2).argmin()) for foot, edge in zip(feet, edges, strict=True)]
    return line[[edges[0], middles[0], feet[0], tips[0], valley, tips[1], feet[1], middles[1], edges[1]]]


def _halfway(line: Points, low: int, high: int) -> int:
    """Where an outline between two of its points is half as high."""
    span = np.arange(min(low, high), max(low, high) + 1)
    return int(span[np.abs(line[span, 1] - (line[low, 1] + line[high, 1]) / 2).argmin()])


def _outline(cloud: Points, view: View, middle: Points, axes: Points, *, upper: bool, reach: float) -> Points:
    """Return the upper or lower edge (N, 2) [lateral, up] of a surface's shadow, every tenth of a mm, from the medial side."""
    spots = (view.onto_detector(cloud) - middle) @ axes.T
    at = np.arange(-reach, reach, 0.1)
    bins = np.clip(np.rint((spots[:, 0] + reach) / 0.4).astype(int), 0, int(2 * reach / 0.4) + 1)
    sign = 1.0 if upper else -1.0
    best = np.full(int(2 * reach / 0.4) + 2, -np.inf)
    np.maximum.at(best, bins, sign * spots[:, 1])
    known = np.flatnonzero(np.isfinite(best))
    return np.column_stack([at, sign * np.interp(at, known * 0.4 - reach, best[known])])[
        (at >= known[0] * 0.4 - reach) & (at <= known[-1] * 0.4 - reach)
    ]


def _surface(knee: Knee, solid: Solid, heights: tuple[float, float]) -> Points:
    """Points of a bone's surface between two heights above the tibia's origin, LPS mm."""
    distance, low, high = solid
    low, high = low.copy(), high.copy()
    low[2], high[2] = (knee.centre[2] + h * knee.size for h in heights)
    x, y, z = (np.arange(a, b, _MESH_MM, dtype=np.float32) for a, b in zip(low, high, strict=True))
    field = distance(x[None, None, :], y[None, :, None], z[:, None, None])
    vertices = marching_cubes(np.asarray(field), 0.0)[0]
    return np.asarray(vertices[:, ::-1] * _MESH_MM + [x[0], y[0], z[0]], np.float64)
