"""Corner labels of spine films with their known slips mended: rows that begin at their end, vertebrae given twice, impossible shapes."""

from collections.abc import Iterable
from typing import Any

import numpy as np

CORNERS = 4
_LEAST_STEP = 0.3
"""Neighbouring centres lie at least this many mean heights apart."""
_FLATTEST, _TALLEST = 0.08, 1.15
"""Height of a vertebral body in widths."""


def with_mended_corners(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mend the ``points`` of a datalist's items for training; evaluation takes labels as they are.

    See :func:`mended_corners`. Items without points stay as they are.
    """
    return [{**item, "points": mended_corners(item["points"])} if item.get("points") else dict(item) for item in items]


def mended_corners(points: list[list[float] | None]) -> list[list[float] | None]:
    """Mend one film's corners.

    In SpineWeb dataset 16 some films have their first vertebra's corners in the last place (all others then carry the name of the
    one above), some give the last vertebra twice, and single vertebrae have corners far off.

    Args:
        points: 4 V points [x, y] or None, V vertebrae from the head down: top left, top right, bottom left, bottom right.

    Returns:
        The points, the last vertebra moved to the front where it lies right above the first, and None for all four corners of a
        vertebra that repeats the one before it or that has no possible shape.
    """
    corners = np.array([(np.nan, np.nan) if point is None else point for point in points], dtype=np.float64).reshape(-1, CORNERS, 2)
    if _begins_at_its_end(corners):
        corners = np.roll(corners, 1, axis=0)
    credible = _has_shape(corners) & ~_repeats(corners)
    return [[float(x), float(y)] if known else None for quad, known in zip(corners, credible, strict=True) for x, y in quad]


def _begins_at_its_end(corners: np.ndarray) -> bool:
    last, first, second = (corners[index].mean(axis=0) for index in (-1, 0, 1))
    step = second - first
    away = first - last
    return bool(0 < away @ step < 4 * step @ step and np.abs(away[0] * step[1] - away[1] * step[0]) < step @ step and last[1] < first[1])


def _repeats(corners: np.ndarray) -> np.ndarray:
    centre, height = corners.mean(axis=1), _heights(corners)
    step = np.linalg.norm(np.diff(centre, axis=0), axis=1)
    return np.concatenate([[False], step < _LEAST_STEP * (height[1:] + height[:-1]) / 2])


def _has_shape(corners: np.ndarray) -> np.ndarray:
    left, right = corners[:, [0, 2]].mean(axis=1), corners[:, [1, 3]].mean(axis=1)
    width = np.linalg.norm(right - left, axis=1)
    share = _heights(corners) / width
    upright = (corners[:, 2:, 1].mean(axis=1) > corners[:, :2, 1].mean(axis=1)) & (right[:, 0] > left[:, 0])
    return (share > _FLATTEST) & (share < _TALLEST) & upright


def _heights(corners: np.ndarray) -> np.ndarray:
    return np.linalg.norm(corners[:, 2:].mean(axis=1) - corners[:, :2].mean(axis=1), axis=1)
