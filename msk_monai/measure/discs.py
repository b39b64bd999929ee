"""Sizes of an intervertebral disc on a sagittal image, from masks of disc, vertebrae and spinal canal."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

THIRDS = {"anterior": (0.1, 0.3), "middle": (0.4, 0.6), "posterior": (0.7, 0.9)}
"""Between which shares of a disc's depth, from its anterior edge, its height is averaged."""
_STEP = 0.25
"""Of a pixel, between the samples of a mask."""
_NUCLEUS = (0.5, 0.6)
"""Shares of a disc's depth and of its height there that its nucleus is taken to fill, about the middle."""
_WINDOW = 6.0
"""The canal's course is that of what lies within so many mean disc heights of the disc's own level."""


@dataclass(frozen=True)
class Disc:
    """One disc, measured; lengths in the unit of ``spacing``.

    Attributes:
        heights: across the disc, by the names of :data:`THIRDS`.
        depth: from its anterior to its posterior edge.
        area: of it, in the square of that unit.
        axis: (2,) unit vector [x, y] from the anterior to the posterior edge.
        centre: (2,) [x, y], pixels.
    """

    heights: dict[str, float]
    depth: float
    area: float
    axis: Array
    centre: Array

    @property
    def mean_height(self) -> float:
        """Of the three heights."""
        return sum(self.heights.values()) / len(self.heights)

    @property
    def height_index(self) -> float:
        """Mean height over depth: it depends neither on spacing nor on the patient's size."""
        return self.mean_height / self.depth


def measure_disc(mask: npt.ArrayLike, posterior: npt.ArrayLike, *, spacing: npt.ArrayLike = (1.0, 1.0)) -> Disc:
    """Measure a disc.

    Its axis is the longer principal axis of its mask. Edges are followed between pixels, by linear interpolation, so that a straight edge
    at any slope is found to a small part of a pixel.

    Args:
        mask: (X, Y), true within the disc; or how much of each pixel it fills, 0 to 1.
        posterior: (2,) [x, y], roughly from the disc towards the canal.
        spacing: mm along x and y.

    Raises:
        ValueError: the mask is too small to have an axis.
    """
    share = np.asarray(mask, dtype=np.float64)
    mm = np.asarray(spacing, dtype=np.float64)
    centre, axis, longer = _principal(share, mm)
    if axis @ (np.asarray(posterior, dtype=np.float64) * mm) < 0:
        axis = -axis
    along, filled = _resampled(share, centre, axis, mm, reach=2.5 * longer)
    step = along[1] - along[0]
    thickness = filled.sum(axis=1) * step
    usual = float(np.median(thickness[np.abs(along) < longer]))
    core = filled[:, np.abs(along) <= 0.125 * usual].mean(axis=1)  # the ends of its middle layer; those of the rest may be round
    depth = float(core.sum() * step)
    front = float(np.average(along, weights=core)) - depth / 2
    heights = {}
    for name, (start, stop) in THIRDS.items():
        here = (along >= front + start * depth) & (along <= front + stop * depth)
        heights[name] = float(thickness[here].mean())
    return Disc(heights=heights, depth=depth, area=float(share.sum() * mm.prod()), axis=axis, centre=centre)


def bulge(mask: npt.ArrayLike, disc: Disc, above: npt.ArrayLike, below: npt.ArrayLike, *, spacing: npt.ArrayLike = (1.0, 1.0)) -> float:
    """How far a disc reaches beyond the line of its vertebrae's posterior corners; negative where it stays before it.

    Args:
        mask: (X, Y) of the disc.
        disc: as :func:`measure_disc` gives.
        above: (2,) [x, y] in pixels, the posterior inferior corner of the vertebra above.
        below: the posterior superior corner of the vertebra below.
        spacing: mm along x and y.
    """
    mm = np.asarray(spacing, dtype=np.float64)
    first, second = (np.asarray(corner, dtype=np.float64) * mm for corner in (above, below))
    line = second - first
    normal = np.array([-line[1], line[0]]) / np.hypot(*line)
    if normal @ disc.axis < 0:
        normal = -normal
    pixels = np.argwhere(np.asarray(mask, dtype=np.float64) > 0.5) * mm
    between = ((pixels - first) @ line >= 0) & ((pixels - second) @ line <= 0)
    beyond = (pixels[between if between.any() else slice(None)] - first) @ normal
    half = 0.5 * float(np.abs(normal) @ mm)  # from a pixel's centre to its edge
    return float(beyond.max() + half)


def canal_width(canal: npt.ArrayLike, disc: Disc, *, spacing: npt.ArrayLike = (1.0, 1.0)) -> float | None:
    """Width of the spinal canal at a disc's level, across the canal's own course; ``None`` where the canal is not seen there.

    Args:
        canal: (X, Y), true within the canal.
        disc: as :func:`measure_disc` gives.
        spacing: mm along x and y.
    """
    mm = np.asarray(spacing, dtype=np.float64)
    share = np.asarray(canal, dtype=np.float64)
    centre = disc.centre * mm
    up = np.array([-disc.axis[1], disc.axis[0]])
    pixels = np.argwhere(share > 0.5) * mm
    near = pixels[np.abs((pixels - centre) @ up) < disc.mean_height * _WINDOW / 2]
    level = near[np.abs((near - centre) @ up) < disc.mean_height / 2 + mm.max()]
    if len(level) < 3:
        return None
    spread = np.linalg.eigh(np.cov((near - near.mean(axis=0)).T))
    course = spread.eigenvectors[:, -1]
    across = np.array([-course[1], course[0]])
    middle = level.mean(axis=0)
    offsets = np.arange(-disc.mean_height / 2, disc.mean_height / 2 + 1e-9, float(mm.min()) * _STEP * 2)
    reach = np.arange(-3 * disc.mean_height, 3 * disc.mean_height, float(mm.min()) * _STEP)
    spots = (middle + offsets[:, None, None] * course + reach[None, :, None] * across) / mm
    widths = ndimage.map_coordinates(share, spots.transpose(2, 0, 1), order=1).sum(axis=1) * (reach[1] - reach[0])
    return float(np.median(widths))


def nucleus(mask: npt.ArrayLike, disc: Disc, *, spacing: npt.ArrayLike = (1.0, 1.0)) -> Mask:
    """Pixels (X, Y) in the middle of a disc, where its nucleus lies: the annulus and the endplates' edges are left out."""
    mm = np.asarray(spacing, dtype=np.float64)
    inside = np.asarray(mask, dtype=np.float64) > 0.5
    up = np.array([-disc.axis[1], disc.axis[0]])
    offset = np.moveaxis(np.indices(inside.shape), 0, -1) * mm - disc.centre * mm
    depth, height = _NUCLEUS
    central = (np.abs(offset @ disc.axis) <= depth * disc.depth / 2) & (np.abs(offset @ up) <= height * disc.heights["middle"] / 2)
    return np.asarray(inside & central)


def _principal(share: Array, mm: Array) -> tuple[Array, Array, float]:
    """Centre in pixels, longer axis in mm, and the standard deviation along it."""
    if share.ndim != 2:
        raise ValueError(f"expected a mask (X, Y), got shape {share.shape}")
    pixels = np.argwhere(share > 0)
    weights = share[tuple(pixels.T)]
    if weights.sum() < 8:
        raise ValueError("expected the mask of a disc, got a speck")
    centre = np.average(pixels, axis=0, weights=weights)
    spread = np.linalg.eigh(np.cov(((pixels - centre) * mm).T, aweights=weights))
    return centre, np.asarray(spread.eigenvectors[:, -1]), float(np.sqrt(spread.eigenvalues[-1]))


def _resampled(share: Array, centre: Array, axis: Array, mm: Array, *, reach: float) -> tuple[Array, Array]:
    """A mask on a square grid (N, N) about its centre, first along the axis, then across it, and the grid's distances from there."""
    up = np.array([-axis[1], axis[0]])
    step = float(mm.min()) * _STEP
    along = np.arange(-np.ceil(reach / step), np.ceil(reach / step) + 1) * step
    spots = centre + (along[:, None, None] * axis + along[None, :, None] * up) / mm
    return along, np.asarray(ndimage.map_coordinates(share, spots.transpose(2, 0, 1), order=1))
