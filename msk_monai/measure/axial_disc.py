"""Sizes of an intervertebral disc on an axial image, from soft masks of its annulus, its nucleus and the spinal canal."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.measure import find_contours

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_EDGE = 0.5
"""Share of a pixel at which an outline runs."""
_RIM = 2
"""Pixels beyond an edge that may still hold a share of what it bounds; farther away it is haze."""
_SPECK = 0.005
"""A nucleus or a canal of less than this share of the disc's area is none."""
_POINTS = 360
"""Along the nucleus's outline, at which the annulus's thickness is taken."""
_LINES = 61
"""Through the canal, along which it is measured and the disc's posterior outline is looked for."""


@dataclass(frozen=True)
class AxialDisc:
    """One disc, measured; lengths in the unit of ``spacing``, ``None`` where what they need is not seen.

    "Backwards" is from the disc's centre of area to the canal's, and "transverse" is across it.

    Attributes:
        annulus_mean: shortest distance to the disc's outline, averaged over points evenly spaced along the nucleus's outline.
        annulus_sd: its standard deviation over these points.
        annulus_minimum: the least of them; 0 where the nucleus touches the disc's outline.
        nucleus_share: area of the nucleus, all fragments, over the area of the disc.
        posterior_thickness: shortest distance to the nucleus's outline, averaged over that part of the disc's outline which faces the
            canal: its hindmost points, evenly spaced transversely over the canal's width. A herniation that is part of the annulus counts.
        canal_width: length of the canal backwards, the median of lines evenly spaced over the middle third of its transverse extent. A
            herniation that indents the canal narrows it fully where it is wider than half of that third, and not at all where it is
            narrower or to the side; one that cuts it in two leaves the larger part.
        disc_area: annulus and nucleus together, in the square of that unit.
        depth: of the disc, from its foremost to its hindmost point, herniations included.
        width: of the disc, transverse, between its outermost points.
    """

    annulus_mean: float | None
    annulus_sd: float | None
    annulus_minimum: float | None
    nucleus_share: float | None
    posterior_thickness: float | None
    canal_width: float | None
    disc_area: float
    depth: float | None
    width: float | None


def measure_axial_disc(annulus: npt.ArrayLike, nucleus: npt.ArrayLike, canal: npt.ArrayLike, *, spacing: npt.ArrayLike) -> AxialDisc:
    """Measure a disc.

    Outlines run between pixels, where a share interpolated linearly is one half. Of disc, nucleus and canal, the outline is that of the
    largest part with its holes filled; a nucleus outside that part of the disc does not count. Directions come from the masks alone, so
    that the image may be turned or mirrored.

    Args:
        annulus: (X, Y) how much of each pixel is annulus fibrosus, or how probably it is, 0 to 1; x grows to the patient's left, y to the
            back.
        nucleus: (X, Y) the same for the nucleus pulposus.
        canal: (X, Y) the same for the spinal canal or dural sac.
        spacing: mm along x and y.

    Raises:
        ValueError: there is no disc, or the masks' shapes are not one and the same.
    """
    rim, core, sac = _cropped(annulus, nucleus, canal)
    mm = np.asarray(spacing, dtype=np.float64)
    disc = _main_part(np.minimum(rim + core, 1))
    if disc is None:
        raise ValueError("expected masks with a disc, got none")
    outline = _outline(disc, mm)
    area = float(disc.sum())
    core = np.where((disc > 0) & _with_rim(core > _EDGE), core, 0)
    inner = _main_part(core, least=_SPECK * area)
    outer_of_nucleus = None if inner is None else _outline(inner, mm)
    thickness = None if outer_of_nucleus is None else _distances(_evenly(outer_of_nucleus, _POINTS), outline)
    posterior = length = depth = width = None
    hollow = _main_part(sac, least=_SPECK * area)
    along = None if hollow is None else _direction(disc, hollow, mm)
    if hollow is not None and along is not None:
        frame = np.stack([[along[1], -along[0]], along], axis=1)  # across it, along it
        turned, behind = outline @ frame, _outline(hollow, mm) @ frame
        width, depth = np.ptp(turned, axis=0).tolist()
        length = _length(behind)
        posterior = None if outer_of_nucleus is None else _posterior(turned, outer_of_nucleus @ frame, behind)
    return AxialDisc(
        annulus_mean=None if thickness is None else float(thickness.mean()),
        annulus_sd=None if thickness is None else float(thickness.std()),
        annulus_minimum=None if thickness is None else float(thickness.min()),
        nucleus_share=None if inner is None else float(core.sum()) / area,
        posterior_thickness=posterior,
        canal_width=length,
        disc_area=area * float(mm.prod()),
        depth=depth,
        width=width,
    )


def canal_front(masks: Array) -> Array | None:
    """[x, y] two thirds of the way from the disc's to the canal's middle: where a herniation lies. ``None`` where either is missing.

    Args:
        masks: (3, X, Y) shares of annulus, nucleus, canal.
    """
    disc, canal = masks[0] + masks[1], masks[2]
    if disc.sum() < 1 or canal.sum() < 1:
        return None
    grid = np.indices(disc.shape)
    middles = [(grid * one).sum(axis=(1, 2)) / one.sum() for one in (disc, canal)]
    return np.asarray(0.35 * middles[0] + 0.65 * middles[1])


def _cropped(*masks: npt.ArrayLike) -> list[Array]:
    """Shares, all cut to the pixels that matter (nothing depends on where they lie); what is not a number is nothing seen."""
    shares = [np.clip(np.nan_to_num(np.asarray(mask, dtype=np.float64)), 0, 1) for mask in masks]
    if shares[0].ndim != 2 or len({share.shape for share in shares}) > 1:
        raise ValueError(f"expected masks (X, Y) of one shape, got shapes {[share.shape for share in shares]}")
    matters = _with_rim(np.sum(shares, axis=0) > _EDGE)
    windows = ndimage.find_objects(matters.astype(np.uint8))
    return [share[windows[0]] if windows else share for share in shares]


def _with_rim(mask: Mask) -> Mask:
    return np.asarray(ndimage.binary_dilation(mask, np.ones((3, 3)), iterations=_RIM))


def _main_part(share: Array, *, least: float = 0.0) -> Array | None:
    """Shares of the largest part alone, its holes filled; ``None`` where there is none of at least so many pixels' area."""
    inside = share > _EDGE
    parts, count = ndimage.label(ndimage.binary_fill_holes(inside))  # filled first, so that what lies within a ring belongs to it
    if not count:
        return None
    largest = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    alone = np.where(_with_rim(largest) & ~inside, share, 0)
    alone[largest] = np.where(inside, share, 1)[largest]
    return alone if alone.sum() >= least else None


def _outline(share: Array, mm: Array) -> Array:
    """Closed polygon (N, 2) in mm, its first point also its last."""
    contours = find_contours(np.pad(share, 1), _EDGE)
    areas = [abs(float(np.sum(c[:-1, 0] * c[1:, 1] - c[1:, 0] * c[:-1, 1]))) for c in contours]
    return np.asarray(contours[int(np.argmax(areas))] * mm)


def _evenly(outline: Array, count: int) -> Array:
    """Points (count, 2) at equal distances along a closed polygon."""
    lengths = np.hypot(*np.diff(outline, axis=0).T)
    passed = np.concatenate([[0], np.cumsum(lengths)])
    at = (np.arange(count) + 0.5) / count * passed[-1]
    return np.stack([np.interp(at, passed, coordinate) for coordinate in outline.T], axis=1)


def _distances(points: Array, outline: Array) -> Array:
    """Distances (N,) of points to the nearest of a closed polygon's sides."""
    sides = np.diff(outline, axis=0)
    squares = np.maximum((sides**2).sum(axis=1), np.finfo(np.float64).tiny)  # an outline through a pixel's centre has sides of length 0
    offsets = points[:, None] - outline[:-1]
    places = np.clip((offsets * sides).sum(axis=2) / squares, 0, 1)
    return np.asarray(np.linalg.norm(offsets - places[..., None] * sides, axis=2).min(axis=1))


def _direction(disc: Array, canal: Array, mm: Array) -> Array | None:
    """Unit vector from the disc's centre to the canal's; ``None`` where they are the same."""
    there = np.subtract(ndimage.center_of_mass(canal), ndimage.center_of_mass(disc)) * mm
    length = float(np.hypot(*there))
    return there / length if length > 1e-6 * mm.min() else None


def _crossings(outline: Array, at: Array) -> tuple[Array, Array]:
    """Where lines along the second axis, at so much along the first, cross a closed polygon.

    Returns:
        (L, N) 1 or -1 for each line and side, by the sense in which the side crosses it, 0 where it does not; and (L, N) where, along the
        second axis.
    """
    (u, v), (du, dv) = outline[:-1].T, np.diff(outline, axis=0).T
    beyond = outline[:, 0] > at[:, None]
    senses = np.subtract(beyond[:, 1:], beyond[:, :-1], dtype=np.float64)
    steps = (at[:, None] - u) / np.where(du == 0, 1, du)
    return senses, v + np.clip(steps, 0, 1) * dv


def _lines(outline: Array, share: float) -> Array:
    """(L,) evenly spaced over the middle share of an outline's extent along the first axis."""
    low, high = outline[:, 0].min(), outline[:, 0].max()
    return np.asarray((low + high) / 2 + share * (high - low) * ((np.arange(_LINES) + 0.5) / _LINES - 0.5))


def _length(canal: Array) -> float:
    """Median length along the second axis of what lies within an outline, over the middle third."""
    senses, places = _crossings(canal, _lines(canal, 1 / 3))
    return float(np.median(np.abs((senses * places).sum(axis=1))))


def _posterior(disc: Array, nucleus: Array, canal: Array) -> float | None:
    """Mean distance to the nucleus from the disc's outline before the canal; ``None`` where none of it lies there."""
    lines = _lines(canal, 1)
    senses, places = _crossings(disc, lines)
    hindmost = np.where(senses != 0, places, -np.inf).max(axis=1)
    meets = np.isfinite(hindmost)
    if not meets.any():
        return None
    return float(_distances(np.stack([lines, hindmost], axis=1)[meets], nucleus).mean())
