"""Where the corners of a vertebral body are seen on a film.

A reader marks the ends of both endplates: where the body's rim, as the film shows it, reaches furthest to either side. Spurs do not
count. On an endplate seen at a slant these are the ends of the two lines that its front and its back make.
"""

from dataclasses import replace

import numpy as np

from msk_monai.phantoms.projection import Points, View
from msk_monai.phantoms.shapes import Distance
from msk_monai.phantoms.spine import Vertebra
from msk_monai.phantoms.vertebra import vertebra_parts

_SECTOR = 65.0  # degrees about the sides in which the rim is looked for
_DIRECTIONS = 45
_OFFSETS = 41
_HALVINGS = 14
_FLAT_MM = 0.3


def body_corners(vertebra: Vertebra, view: View) -> Points:
    """Project the ends of both endplates of a body.

    Returns:
        (4, 2) top left, top right, bottom left, bottom right of the image, before it is tilted: mm right of and below the view's
        origin on the detector.
    """
    ends = view.onto_detector(np.asarray(vertebra.centre) + np.array([[-5.0], [5.0]]) * vertebra.rotation[:, 0])
    across = (ends[1] - ends[0]) * np.sign(ends[1, 0] - ends[0, 0]) / np.linalg.norm(ends[1] - ends[0])
    rims = [view.onto_detector(body_rim(vertebra, upper=upper)) for upper in (True, False)]
    return np.array([_furthest(rim, sign * across) for rim in rims for sign in (-1, 1)])


def _furthest(rim: Points, direction: Points) -> Points:
    """Return the end of a projected rim: as far out as it goes, and at the middle of the stretch that goes about as far."""
    out = rim @ direction
    weights = np.exp((out - out.max()) / _FLAT_MM)
    middle = weights @ rim / weights.sum()
    return np.asarray(middle + (out.max() - middle @ direction) * direction)


def body_rim(vertebra: Vertebra, *, upper: bool) -> Points:
    """Return both sides of an endplate's rim: where its surface reaches furthest outwards and upwards (or downwards) at once.

    Returns:
        (90, 3) points of the surface, LPS mm.
    """
    sector = np.radians(np.linspace(90 - _SECTOR, 90 + _SECTOR, _DIRECTIONS))
    angle = np.concatenate([sector, sector + np.pi])
    out = np.stack([np.sin(angle), np.cos(angle), np.zeros(len(angle))], 1)
    up = np.array([0.0, 0.0, 1.0 if upper else -1.0])
    radius = 1 / np.hypot(out[:, 0] / (vertebra.width / 2), out[:, 1] / (vertebra.depth / 2))
    half = vertebra.height / 2 * float(np.min(vertebra.heights))
    inset = 0.65 * min(half, float(radius.min()))
    outwards = (out + up) / np.sqrt(2)
    start = (radius - inset)[:, None] * out + (vertebra.height / 2 * float(np.mean(vertebra.heights)) - inset) * up
    offset = np.linspace(-0.55, 0.55, _OFFSETS) * inset
    spread = start[:, None] + offset[:, None] * ((out - up) / np.sqrt(2))[:, None]  # (directions, offsets, 3)
    reach = _reach(_body(vertebra), vertebra, spread, np.broadcast_to(outwards[:, None], spread.shape), 3 * inset)
    best = np.clip(reach.argmax(1), 1, _OFFSETS - 2)
    rows = np.arange(len(angle))
    before, here, after = (reach[rows, best + k] for k in (-1, 0, 1))
    bend = np.minimum(before - 2 * here + after, -1e-9)
    share = np.clip((before - after) / bend / 2, -0.5, 0.5)
    peak = here - (before - after) * share / 4
    own = start + (offset[best] + share * (offset[1] - offset[0]))[:, None] * ((out - up) / np.sqrt(2)) + peak[:, None] * outwards
    return np.asarray(vertebra.centre) + own @ vertebra.rotation.T


def _body(vertebra: Vertebra) -> Distance:
    """Return the signed distance to the body without spurs, in patient coordinates."""
    whole, _ = vertebra_parts(replace(vertebra, osteophyte=0.0), cortical_hu=1000.0, shell_mm=0.5)
    assert whole.body is not None
    return whole.body.distance


def _reach(distance: Distance, vertebra: Vertebra, start: Points, along: Points, furthest: float) -> Points:
    """Return how far the surface lies from points of the vertebra's frame along directions, mm, by halving."""
    low, high = np.zeros(start.shape[:-1]), np.full(start.shape[:-1], furthest)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        point = np.asarray(vertebra.centre) + (start + middle[..., None] * along) @ vertebra.rotation.T
        x, y, z = (np.ascontiguousarray(point[..., k], np.float32) for k in range(3))
        inside = distance(x, y, z) < 0
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return (low + high) / 2
