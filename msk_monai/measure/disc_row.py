"""The discs of a sagittal image: told apart, put in order, named from the sacrum upwards."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from msk_monai.anatomy.spine import level_range

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

VERTEBRA, DISC, CANAL = 1, 2, 3
"""Classes of the label map."""
NAMES = tuple(f"{upper}-{lower}" for upper, lower in zip(level_range("T1", "L5"), level_range("T2", "S1"), strict=True))[::-1]
"""Of discs, from the lowest up."""
LEAST_DISCS = 4
"""Fewer of them may be a part of a spine whose lowest disc is not L5-S1."""
_SMALLEST = 0.25
"""A part of less than this share of the usual area is no disc."""
_APART = 0.5
"""Nor is one that lies farther from all vertebrae than so many times the root of the usual area."""
_LEAST_PIXELS = 15
_BODY = 0.4
"""A part of the vertebrae of at least this share of their usual area is a body and no process behind the canal."""
_MISSED = 1.55
"""Two neighbours this many usual distances apart, or more, have another between them that was not seen."""


@dataclass(frozen=True, eq=False)
class FoundDisc:
    """One disc.

    Attributes:
        name: of the vertebrae above and below, such as ``L4-L5``.
        mask: (X, Y).
        posterior: (2,) [x, y] roughly from its centre to the canal, pixels.
    """

    name: str
    mask: Mask
    posterior: Array


def disc_row(labels: npt.ArrayLike) -> tuple[FoundDisc, ...]:
    """Find the discs of a label map, from the lowest up.

    The lowest is L5-S1, unless a vertebral body lies below it: then that disc was not seen and its name stays free, as do those of discs
    that are missing in a gap of the row. (The sacrum belongs to no class.)

    Args:
        labels: (X, Y) classes, 0 the background; y grows towards the feet.
    """
    classes = np.asarray(labels)
    masks = _at_vertebrae(_parts(classes == DISC), classes == VERTEBRA)
    canal = np.argwhere(classes == CANAL).astype(np.float64)
    if not masks or not len(canal):
        return ()
    centres = np.array([np.argwhere(mask).mean(axis=0) for mask in masks])
    order = centres[:, 1].argsort()[::-1]
    places = _places(centres[order]) + _below(classes == VERTEBRA, canal, centres[order])
    return tuple(
        FoundDisc(NAMES[place], masks[index], _to_canal(canal, centres[index]))
        for index, place in zip(order, places, strict=True)
        if place < len(NAMES)
    )


def _parts(mask: Mask, share: float = _SMALLEST) -> list[Mask]:
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    areas = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    large = areas[areas >= _LEAST_PIXELS]
    least = max(share * float(np.median(large)), _LEAST_PIXELS) if large.size else np.inf
    return [parts == number for number in np.flatnonzero(areas >= least) + 1]


def _at_vertebrae(masks: list[Mask], vertebrae: Mask) -> list[Mask]:
    if not masks or not vertebrae.any():
        return masks
    farthest = _APART * float(np.sqrt(np.median([mask.sum() for mask in masks])))
    away = ndimage.distance_transform_edt(~vertebrae)
    return [mask for mask in masks if away[mask].min() <= farthest]


def _places(centres: Array) -> npt.NDArray[np.intp]:
    """Numbers (N,) of discs in a row, the first 0, with one left free for each that is missing."""
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    if not len(steps):
        return np.zeros(1, dtype=np.intp)
    usual = float(np.median(steps))
    missed = np.where(steps > _MISSED * usual, np.rint(steps / usual).astype(np.intp), 1)
    return np.concatenate([[0], np.cumsum(missed)])


def _below(vertebrae: Mask, canal: Array, centres: Array) -> int:
    """How many vertebral bodies lie below the lowest disc."""
    parts = _parts(vertebrae, _BODY)
    count = 0
    for part in parts:
        middle = np.argwhere(part).mean(axis=0)
        level = canal[np.abs(canal[:, 1] - middle[1]).argsort()[:20]].mean(axis=0)
        front = (middle - level) @ -_to_canal(canal, centres[0]) > 0
        count += bool(front and middle[1] > centres[0][1])
    return count


def _to_canal(canal: Array, centre: Array) -> Array:
    """From a disc to the nearest of the canal."""
    return np.asarray(canal[np.linalg.norm(canal - centre, axis=1).argsort()[:15]].mean(axis=0) - centre)
