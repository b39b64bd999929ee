"""The planes that divide the spine into levels, from the extents of its vertebral bodies."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from msk_monai.measure.vertebral_bodies import VertebralBody

Array = npt.NDArray[np.float64]


def level_edges(bodies: Sequence[VertebralBody], levels: Sequence[str]) -> Array:
    """Points halfway between neighbouring bodies, where one level ends and the next begins.

    A lumbar vertebra that is missing (four of them) leaves its level without length; an additional one (``L6``) is
    counted to the last lumbar level. What lies beyond the bodies given is out of reach, at ±infinity; only below the
    last level, of which nothing but its own extent is known, its lower end counts.

    Args:
        bodies: bodies in any order.
        levels: names of the levels from the head down.

    Returns:
        (len(levels) + 1, 3) points in LPS mm from the head down: the first level's top, the edges between the levels,
        the last level's bottom.

    Raises:
        ValueError: no body was given.
    """
    if not bodies:
        raise ValueError("expected at least one vertebral body")
    ordered = sorted(bodies, key=lambda body: -body.middle)
    places = [_place(body.name, levels) for body in ordered]
    edges = np.empty((len(levels) + 1, 3))
    for number in range(len(levels) + 1):  # edge `number` lies above level `number`
        upper = [body for body, place in zip(ordered, places, strict=True) if place < number]
        lower = [body for body, place in zip(ordered, places, strict=True) if place >= number]
        edges[number] = _between(upper[-1] if upper else None, lower[0] if lower else None, levels[-1])
    return edges


def _place(name: str, levels: Sequence[str]) -> int:
    """Number of a level; -1 above the first, len(levels) below the last."""
    if name in levels:
        return levels.index(name)
    if name.startswith("L"):
        return max(i for i, level in enumerate(levels) if level.startswith("L"))
    return -1 if name.startswith(("T", "C")) else len(levels)


def _between(upper: VertebralBody | None, lower: VertebralBody | None, last: str) -> Array:
    if upper is None:
        return np.array([np.nan, np.nan, np.inf])
    if lower is None:
        return np.array([*upper.centre[:2], upper.z_range[0] if upper.name == last else -np.inf])
    middle: Array = (np.array(upper.centre) + np.array(lower.centre)) / 2
    middle[2] = (upper.z_range[0] + lower.z_range[1]) / 2
    return middle
