"""The four corners of a vertebra from its mask: straight lines along its four sides, and where they meet."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.measure import find_contours

from msk_monai.geometry import Line, intersection, unit_vector

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SIDES = ((0, 1), (1, 3), (2, 3), (0, 2))
"""Top, right, bottom, left: the corners each runs between."""
LEAST_SIDE = 4.0
"""A side shorter than this, in pixels, cannot be fitted."""
LEAST_POINTS = 3
SMOOTHING_SHARE = 0.06
"""Pixel steps are blurred away over this share of the mask's size before its edges' directions are read."""
OUTER_PERCENT = 2.0
"""Of the outline's points, so many percent at either end do not count for the first box: they are bumps."""
ENDS_LEFT_OUT = 0.15
"""Share of a side, at either end, that may be rounded and is not fitted."""
ROUNDS = 3
"""Fits of the four sides, each to the points that the last one gave them."""
REWEIGHTINGS = 12
WIDTH = 1.7
"""Distance, in standard deviations, at which a point's weight has fallen to a quarter."""
LEAST_SCALE = 0.4
"""Pixel steps alone spread the outline about a straight edge by so much."""
MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


def corners_of_mask(mask: npt.ArrayLike, *, axis: npt.ArrayLike = (0.0, 1.0)) -> Array:
    """Find the corners of a vertebra.

    Each side is fitted to the middle part of the outline along it, robustly; bumps and rounded corners do not move it. Only the
    largest connected part of the mask counts; its holes are filled.

    Args:
        mask: (rows, columns), true within the vertebra.
        axis: (2,) direction [x, y] of the spine here, from the head down. The two sides most nearly across it are the endplates, so
            it need only be right to within 45°.

    Returns:
        (4, 2) top left, top right, bottom left, bottom right as [x, y]; 0 is the centre of the first pixel. "Top" is the end that
        ``axis`` comes from.

    Raises:
        ValueError: the mask is not two-dimensional, is empty, is too small or has no four sides; or the axis has no direction.
    """
    body, offset = _largest_part(np.asarray(mask, dtype=bool))
    down = _across_the_endplates(body, axis)
    outline = max(find_contours(body.astype(np.float64), 0.5), key=len)[:-1, ::-1]
    corners = _box(outline, down)
    for _ in range(ROUNDS):
        nearest = _nearest_side(outline, corners)
        top, right, bottom, left = (_fit_side(outline[near], *corners[list(side)]) for near, side in zip(nearest, SIDES, strict=True))
        corners = np.stack([intersection(side, end) for side in (top, bottom) for end in (left, right)])
        if not _four_sided(corners) or np.abs(corners - outline.mean(axis=0)).max() > np.ptp(outline, axis=0).max():
            raise ValueError("expected a mask with four sides, got one whose sides do not meet at its corners")
    return corners + offset


def _largest_part(mask: Mask) -> tuple[Mask, Array]:
    """The largest connected part without holes and with a rim of background, and the [x, y] of its first pixel in the mask."""
    if mask.ndim != 2:
        raise ValueError(f"expected a mask (rows, columns), got shape {mask.shape}")
    parts, count = ndimage.label(mask)
    if count == 0:
        raise ValueError("expected the mask of a vertebra, got an empty one")
    sizes = np.bincount(parts.ravel())
    largest = int(sizes[1:].argmax()) + 1
    window = ndimage.find_objects(parts)[largest - 1]
    body = np.pad(ndimage.binary_fill_holes(parts[window] == largest), 1)
    return body, np.array([window[1].start - 1.0, window[0].start - 1.0])


def _across_the_endplates(body: Mask, axis: npt.ArrayLike) -> Array:
    """Unit vector perpendicular to the endplates, within 45° of the axis.

    The edges' normals, taken modulo a quarter turn, agree on it in a box of any proportions, square ones too.
    """
    x, y = unit_vector(axis)
    sigma = max(1.0, SMOOTHING_SHARE * float(np.sqrt(body.sum())))
    rows, columns = np.gradient(ndimage.gaussian_filter(np.pad(body, int(np.ceil(3 * sigma))).astype(np.float64), sigma))
    normals = (columns + 1j * rows) / complex(x, y)
    steep = np.abs(normals)
    fourfold = (steep * (normals / np.maximum(steep, np.finfo(np.float64).tiny)) ** 4).sum()
    turned = complex(x, y) * np.exp(0.25j * np.angle(fourfold))
    return np.array([turned.real, turned.imag])


def _box(outline: Array, down: Array) -> Array:
    """(4, 2) corners of the upright box, in a frame whose y is ``down``, about all of the outline but its bumps."""
    frame = np.array([[down[1], -down[0]], down])
    low, high = np.percentile(outline @ frame.T, [OUTER_PERCENT, 100 - OUTER_PERCENT], axis=0)
    if np.any(high - low < LEAST_SIDE):
        raise ValueError(f"expected a vertebra of at least {LEAST_SIDE:g} pixels either way, got {(high - low).round(1).tolist()}")
    corners: Array = np.array([[low[0], low[1]], [high[0], low[1]], [low[0], high[1]], [high[0], high[1]]]) @ frame
    return corners


def _four_sided(corners: Array) -> bool:
    """Whether the outline turns to the right at each corner, and has no side too short to fit."""
    outline = corners[[0, 1, 3, 2]]
    along = np.roll(outline, -1, axis=0) - outline
    onward = np.roll(along, -1, axis=0)
    turns_right = np.all(along[:, 0] * onward[:, 1] > along[:, 1] * onward[:, 0])
    return bool(turns_right and np.linalg.norm(along, axis=1).min() >= LEAST_SIDE)


def _nearest_side(outline: Array, corners: Array) -> Array:
    """(4, N): whether each point of the outline is nearest to the middle part of each side."""
    distances, inner = [], []
    for start, end in (corners[list(side)] for side in SIDES):
        across = end - start
        place = (outline - start) @ across / (across @ across)
        distances.append(np.linalg.norm(outline - start - np.clip(place, 0, 1)[:, None] * across, axis=1))
        inner.append((place > ENDS_LEFT_OUT) & (place < 1 - ENDS_LEFT_OUT))
    nearest: Array = (np.argmin(distances, axis=0) == np.arange(len(SIDES))[:, None]) & np.array(inner)
    return nearest


def _fit_side(points: Array, start: Array, end: Array) -> Line:
    """Robust line through the points of a side that runs about from ``start`` to ``end``.

    Geman and McClure's weights (https://doi.org/10.1109/CVPR.2019.00446, shape -2), which leave out what sticks out.
    """
    length = np.linalg.norm(end - start)
    along = (end - start) / length
    across = np.array([-along[1], along[0]])
    place, away = (points - start) @ along, (points - start) @ across
    if len(points) < LEAST_POINTS or np.ptp(place) < length / 4:
        raise ValueError("expected a mask with four sides, got one that lacks a side")
    weights = np.ones(len(points))
    for _ in range(REWEIGHTINGS):
        total = weights.sum()
        middle, level = weights @ place / total, weights @ away / total
        slope = (weights * (place - middle)) @ (away - level) / (weights @ (place - middle) ** 2)
        residuals = away - level - slope * (place - middle)
        scale = WIDTH * max(LEAST_SCALE, MAD_TO_SIGMA * float(np.median(np.abs(residuals))))
        weights = 1 / (1 + (residuals / scale) ** 2) ** 2
    return Line(start + middle * along + level * across, along + slope * across)
