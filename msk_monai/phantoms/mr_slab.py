"""Slices of any direction through a patient: parts painted one over the other, as signals of several MR weightings at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from msk_monai.phantoms.shapes import Array, Distance

_TILE_MM, _GRAIN_MM = 1.6, 3.0
"""A texture's values lie so far apart, and it is smooth over so much."""
_SHEET_MM = 2.0
"""A slice is averaged over sheets no farther apart than this."""


@dataclass(frozen=True)
class Plane:
    """Where a slice lies, in DICOM's terms (PS3.3 C.7.6.2).

    Args:
        origin: ImagePositionPatient: centre of the first pixel, LPS mm.
        along_row: unit vector of increasing column.
        along_column: unit vector of increasing row.
        spacing: mm between rows and columns.
        shape: rows, columns.
        thickness: mm over which a pixel averages.
    """

    origin: NDArray[np.float64]
    along_row: NDArray[np.float64]
    along_column: NDArray[np.float64]
    spacing: float
    shape: tuple[int, int]
    thickness: float

    @cached_property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector across the slice."""
        return np.cross(self.along_row, self.along_column)

    @property
    def centre(self) -> NDArray[np.float64]:
        """Middle of the slice, LPS mm."""
        rows, columns = self.shape
        return self.origin + self.spacing * ((columns - 1) / 2 * self.along_row + (rows - 1) / 2 * self.along_column)

    @classmethod
    def about(
        cls, centre: NDArray[np.float64], along_row: NDArray[np.float64], along_column: NDArray[np.float64], *, spacing: float,
        shape: tuple[int, int], thickness: float,
    ) -> "Plane":  # fmt: skip
        """The plane with this middle."""
        corner = centre - spacing * ((shape[1] - 1) / 2 * along_row + (shape[0] - 1) / 2 * along_column)
        return cls(corner, along_row, along_column, spacing, shape, thickness)


@dataclass(frozen=True)
class Tissue:
    """A solid of one tissue.

    Args:
        name: of the tissue, by which its signals are looked up.
        low, high: corners of the box (LPS mm) outside of which it is not looked for.
        distance: signed distance to its surface.
        label: of what it is a part (0: of nothing that is labelled).
        soft: mm over which its surface fades, beside the pixel's own width.
        texture: standard deviation of its inhomogeneity, as a share of its signal.
        grain: size of the inhomogeneity's grains, mm.
        coarse: whether it is large and changes so little across a slice that it need not be averaged over it.
    """

    name: str
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    distance: Distance
    label: int = 0
    soft: float = 0.0
    texture: float = 0.0
    grain: float = 3.0
    coarse: bool = False


@dataclass(frozen=True)
class Slab:
    """A rendered slice.

    Attributes:
        signals: (rows, columns) for each weighting, of a perfect scanner.
        shares: (labels + 1, rows, columns): how much of each pixel belongs to each label, 0 the rest.
    """

    signals: Mapping[str, Array]
    shares: Array


def render_slab(
    plane: Plane,
    tissues: Sequence[Tissue],
    signals: Mapping[str, Mapping[str, float]],
    *,
    labels: int,
    tile: Array,
    everywhere: str = "air",
) -> Slab:
    """Render a slice.

    Args:
        plane: where.
        tissues: in the order to paint them, the coarse ones first.
        signals: for each weighting the signal of each tissue.
        labels: the highest label.
        tile: periodic texture of unit variance (:func:`msk_monai.phantoms.canvas.texture_tile`).
        everywhere: the tissue that is there before anything is painted.
    """
    names = tuple(signals)
    count = max(1, int(np.ceil(plane.thickness / _SHEET_MM)))
    offsets = (np.arange(count) - (count - 1) / 2) * plane.thickness / count
    start = np.zeros((len(names) + labels + 1, *plane.shape), np.float32)
    start[: len(names)] = np.array([signals[name][everywhere] for name in names], np.float32)[:, None, None]
    start[len(names)] = 1
    middle = _Sheet(plane, 0.0, start, len(names), tile)
    for tissue in tissues:
        if tissue.coarse:
            middle.paint(tissue, [signals[name][tissue.name] for name in names])
    total = np.zeros_like(start)
    for offset in offsets:
        sheet = _Sheet(plane, float(offset), middle.values.copy(), len(names), tile)
        for tissue in tissues:
            if not tissue.coarse:
                sheet.paint(tissue, [signals[name][tissue.name] for name in names])
        total += sheet.values
    total /= np.float32(count)
    return Slab({name: total[k] for k, name in enumerate(names)}, total[len(names) :])


class _Sheet:
    """One thin sheet: ``values`` holds the signals, then the labels' shares."""

    def __init__(self, plane: Plane, offset: float, values: Array, weightings: int, tile: Array) -> None:
        self.plane, self.values, self.weightings, self.tile = plane, values, weightings, tile
        self.origin = plane.origin + offset * plane.normal

    def paint(self, tissue: Tissue, signal: Sequence[float]) -> None:
        region = self._region(tissue)
        if region is None:
            return
        points = self._points(region)
        width = np.float32(self.plane.spacing + tissue.soft)
        cover = np.clip(np.float32(0.5) - tissue.distance(*points) / width, 0, 1)
        if not cover.any():
            return
        values = self.values[:, region[0], region[1]]
        values *= 1 - cover
        shade = cover if not tissue.texture else cover * (1 + np.float32(tissue.texture) * self._texture(points, tissue.grain))
        for k, value in enumerate(signal):
            values[k] += shade * np.float32(value)
        values[self.weightings + tissue.label] += cover

    def _region(self, tissue: Tissue) -> tuple[slice, slice] | None:
        """Rows and columns that the tissue's box may reach; ``None`` where the sheet misses it."""
        plane = self.plane
        middle, half = (tissue.low + tissue.high) / 2, (tissue.high - tissue.low) / 2 + plane.spacing + tissue.soft
        to_middle = middle - self.origin
        if abs(to_middle @ plane.normal) > np.abs(plane.normal) @ half:
            return None
        spans = []
        for axis, size in zip((plane.along_column, plane.along_row), plane.shape, strict=True):
            at, reach = to_middle @ axis / plane.spacing, np.abs(axis) @ half / plane.spacing
            start, stop = max(0, int(np.floor(at - reach))), min(size, int(np.ceil(at + reach)) + 1)
            if start >= stop:
                return None
            spans.append(slice(start, stop))
        return spans[0], spans[1]

    def _points(self, region: tuple[slice, slice]) -> tuple[Array, Array, Array]:
        """x, y, z of the region's pixels, of shapes that broadcast: what a row or a column does not change is no full array."""
        plane = self.plane
        rows = (np.arange(region[0].start, region[0].stop) * plane.spacing).astype(np.float32)[:, None]
        columns = (np.arange(region[1].start, region[1].stop) * plane.spacing).astype(np.float32)[None, :]
        x, y, z = (
            np.asarray(np.float32(start) + (rows * np.float32(down) if down else 0) + (columns * np.float32(across) if across else 0))
            for start, down, across in zip(self.origin, plane.along_column, plane.along_row, strict=True)
        )
        return x, y, z

    def _texture(self, points: tuple[Array, Array, Array], grain: float) -> Array:
        spots = [axis / np.float32(_TILE_MM * grain / _GRAIN_MM) for axis in points[::-1]]
        if grain > 2 * _GRAIN_MM:  # each value covers many pixels: its edges would be seen
            whole = np.stack(np.broadcast_arrays(*spots))
            return np.asarray(map_coordinates(self.tile, whole, order=1, mode="grid-wrap"), np.float32)
        z, y, x = (np.round(axis).astype(np.intp) % size for axis, size in zip(spots, self.tile.shape, strict=True))
        return np.asarray(self.tile[z, y, x])
