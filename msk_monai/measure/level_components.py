"""Vertebrae told apart in a map of class probabilities, and each given one name."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from msk_monai.measure.spine_order import name_chain, spine_chain

Array = NDArray[np.float64]

_SMALLEST = 0.2
"""A part of less than this share of the usual area is no vertebra."""
_TWO = 1.6
"""A part of more than this share of it is two that touch."""
_LEAST_PIXELS = 12
_SIDEWAYS = 1.5
"""Neighbours lie within this many sides of each other across the image's columns: the sacrum slopes away from under L5."""
_SQUARE = np.array([[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]])


@dataclass(frozen=True, kw_only=True)
class LevelComponents:
    """Vertebrae found.

    Args:
        part: (X, Y) number of the vertebra that a pixel belongs to, from 1; 0 for none.
        level: (N,) index of each vertebra's level; -1 for one that is no level of the set.
        score: (N,) mean probability of its pixels that they are of a vertebra.
        probability: that the names are right and not all off by one or more.
    """

    part: NDArray[np.intp]
    level: NDArray[np.intp]
    score: Array
    probability: float


def level_components(probabilities: Array, *, temperature: float = 4.0) -> LevelComponents:
    """Tell the vertebrae apart by the gaps between them, and name them together, in the order in which they follow each other.

    Args:
        probabilities: (1 + levels, X, Y), background first, then the levels from the head down; y grows downwards.
        temperature: see :func:`msk_monai.measure.spine_order.name_chain`.
    """
    part = _parts(probabilities)
    count = int(part.max())
    levels = len(probabilities) - 1
    level = np.full(count, -1, dtype=np.intp)
    masks = [part == number for number in range(1, count + 1)]
    score = np.array([float(1 - probabilities[0][mask].mean()) for mask in masks])
    chain = spine_chain(score, np.array([_square(mask) for mask in masks]).reshape(-1, 4, 2), sideways=_SIDEWAYS)
    # what is no level of the set has no reason to look like one of them rather than another
    other = np.full((count, 1), -np.log(levels))
    names = np.concatenate([other, np.array([_names(probabilities, mask) for mask in masks]).reshape(-1, levels), other], axis=1)
    naming = name_chain(chain, names[chain.member], temperature=temperature)
    for index, place in zip(chain.member, naming.level, strict=True):
        if 0 <= place < levels:
            level[index] = place
    return LevelComponents(part=part, level=level, score=score, probability=naming.probability)


def _parts(probabilities: Array) -> NDArray[np.intp]:
    """Connected parts of the foreground; one as large as two is cut where its pixels' names change."""
    best = probabilities.argmax(axis=0)
    parts, count = ndimage.label(probabilities[0] < 0.5)
    areas = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    whole = areas[areas >= _LEAST_PIXELS]
    usual = float(np.median(whole)) if whole.size else 0.0
    out = np.zeros(parts.shape, dtype=np.intp)
    found = 0
    for number in range(1, count + 1):
        mask = parts == number
        pieces = [mask & (best == name) for name in np.unique(best[mask]) if name > 0] if areas[number - 1] > _TWO * usual else [mask]
        for piece in pieces:
            if piece.sum() >= max(_SMALLEST * usual, _LEAST_PIXELS):
                found += 1
                out[piece] = found
    return out


def _square(mask: NDArray[np.bool_]) -> Array:
    """Corners (4, 2) of an upright square of a part's place and area: S1 has no direction that could be told by its shape."""
    pixels = np.argwhere(mask)
    return np.asarray(pixels.mean(axis=0) + np.sqrt(len(pixels)) * _SQUARE)


def _names(probabilities: Array, mask: NDArray[np.bool_]) -> Array:
    """(levels,) logarithms of a part's shares of the levels."""
    inside = probabilities[1:, mask].sum(axis=1)
    return np.asarray(np.log(np.clip(inside / max(float(inside.sum()), 1e-9), 1e-4, None)))
