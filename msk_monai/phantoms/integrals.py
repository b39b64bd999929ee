"""How much of a beam a body takes away along each ray: soft tissue on a coarse grid, bones on finer ones, a stretch at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.canvas import Canvas
from msk_monai.phantoms.projection import Detector, View, line_integrals, rays_to
from msk_monai.phantoms.shapes import Array, Part

Box = tuple[NDArray[np.float64], NDArray[np.float64]]
Axes = tuple[Array, Array, Array]
Spacing = tuple[float, float, float]
"""Of a grid, mm: across the beam, along it, and the width of a surface. The last two should be equal: then what a surface at right angles
to the beam adds grows evenly with its depth, without contour lines from plane to plane."""

WATER_PER_MM = 0.0206  # at 60 keV: NIST, doi:10.18434/T4D01F
_CHUNK_MM = 130.0
_FADE = 8  # planes in which two chunks overlap


@dataclass(frozen=True)
class Layer:
    """Parts that are painted over what is there, on a grid of their own.

    Args:
        parts: in the order to paint them.
        spacing: of the grid.
        order: of the interpolation between its points, 1 or 3.
    """

    parts: Sequence[Part]
    spacing: Spacing
    order: int = 1


def attenuation(hu: Array) -> Array:
    """Return the attenuation per mm of the softer beam of radiography: bone and metal stand out more than in CT."""
    return np.asarray(
        np.float32(WATER_PER_MM)
        * (1 + np.float32(0.001) * hu + np.float32(0.0006) * np.maximum(hu, 0) + np.float32(0.002) * np.maximum(hu - 3000, 0))
    )


def seen_box(view: View, detector: Detector, *, front: float, back: float, margin: float) -> Box:
    """Return the box in space (LPS, mm) of what the rays meet between two coronal planes, and so many mm beside it."""
    rim = view.from_detector(detector.outline)
    ends = np.concatenate([view.source + (rim - view.source) * ((y - view.source[1]) / (rim - view.source)[:, 1:2]) for y in (front, back)])
    low, high = ends.min(axis=0) - margin, ends.max(axis=0) + margin
    return np.array([low[0], front, low[2]]), np.array([high[0], back, high[2]])


def soft_canvas(box: Box, spacing: Spacing, tile: Array) -> Canvas:
    """An empty canvas, all air, for the soft tissue in a box."""
    return Canvas(**_mesh(*box, spacing), voxel=spacing[2], tile=tile)


def body_integrals(soft: Canvas, layers: Sequence[Layer], box: Box, view: View, detector: Detector, *, tile: Array) -> Array:
    """Return the line integrals of a body's attenuation, (rows, columns), unitless.

    Args:
        soft: its soft tissue.
        layers: what is in it, each painted over the soft tissue; no two of them overlap.
        box: low and high corner of what the rays meet, LPS mm.
        view: source and detector's plane.
        detector: the pixels.
        tile: texture of what is painted.
    """
    low, high = box
    rays = rays_to(detector, view)
    total = line_integrals(attenuation(soft.hu), soft.axes, view, rays)
    for layer in layers:
        for mesh, weights in _chunks(layer.parts, low, high, layer.spacing):
            canvas = Canvas(**mesh, voxel=layer.spacing[2], tile=tile)
            canvas.hu = _resampled(soft, canvas.axes)
            before = attenuation(canvas.hu)
            canvas.paint_all(layer.parts)
            added = (attenuation(canvas.hu) - before) * weights[:, None, None]
            total += line_integrals(added, canvas.axes, view, rays, order=layer.order)
    return total


def _chunks(
    parts: Sequence[Part], low: NDArray[np.float64], high: NDArray[np.float64], spacing: Spacing
) -> Iterator[tuple[dict[str, Array], Array]]:
    """Cut the parts within a box into stretches along the body.

    Yields:
        A mesh no larger than the parts there need, and a weight for each of its planes; where two stretches overlap, one fades out
        as the other fades in, so that no seam is seen.
    """
    boxes = np.array([(piece.low, piece.high) for part in parts for piece in part.pieces])
    planes = np.arange(low[2], high[2], spacing[0])
    step = max(int(_CHUNK_MM / spacing[0]), 2 * _FADE)
    fade = np.arange(1, _FADE + 1, dtype=np.float32) / (_FADE + 1)
    for start in range(0, max(len(planes) - _FADE, 1), step):
        z = planes[start : start + step + _FADE]
        here = boxes[(boxes[:, 0] < (high[0], high[1], z[-1])).all(1) & (boxes[:, 1] > (low[0], low[1], z[0])).all(1)]
        if not len(here):
            continue
        first, last = np.maximum(here[:, 0].min(0), low), np.minimum(here[:, 1].max(0), high)
        x, y = (np.arange(np.floor(first[k] / s), np.ceil(last[k] / s) + 1) * s for k, s in ((0, spacing[0]), (1, spacing[1])))
        weights = np.ones(len(z), np.float32)
        if start > 0:
            weights[:_FADE] = fade
        if start + step + _FADE < len(planes):
            weights[-_FADE:] = fade[::-1]
        if min(len(x), len(y), len(z)) > 1:
            yield {"x": x.astype(np.float32), "y": y.astype(np.float32), "z": z.astype(np.float32)}, weights


def scaled(spacing: Spacing, factor: float) -> Spacing:
    """The spacing, or a coarser one where the factor is above 1."""
    across, along, width = (v * max(factor, 1.0) for v in spacing)
    return across, along, width


def _mesh(low: NDArray[np.float64], high: NDArray[np.float64], spacing: Spacing) -> dict[str, Array]:
    steps = {"x": spacing[0], "y": spacing[1], "z": spacing[0]}
    return {name: np.arange(low[k], high[k] + s, s).astype(np.float32) for k, (name, s) in enumerate(steps.items())}


def _resampled(canvas: Canvas, axes: Axes) -> Array:
    """Interpolate a canvas linearly at the points of a finer mesh."""
    values = canvas.hu
    for k, (old, new) in enumerate(zip(canvas.axes, axes, strict=True)):
        at = np.clip((new - old[0]) / (old[1] - old[0]), 0, len(old) - 1)
        first = np.minimum(at.astype(int), len(old) - 2)
        shape = [1, 1, 1]
        shape[k] = -1
        share = (at - first).astype(np.float32).reshape(shape)
        lower = values.take(first, axis=k)
        lower += share * (values.take(first + 1, axis=k) - lower)
        values = lower
    return values
