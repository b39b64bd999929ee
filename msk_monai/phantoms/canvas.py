"""A stretch of a scan that parts are painted on, one over the other, with soft edges where a voxel holds two of them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.shapes import Array, Material, Part, Piece

_TILE_MM = 1.6


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a volume lie.

    Args:
        origin: centre of the first voxel, LPS, mm (x, y, z).
        spacing: distances of voxel centres, mm (x, y, z).
        shape: numbers of voxels (Z, Y, X); the first axis runs towards the head.
        thickness: slice thickness in mm over which a voxel averages; None: the spacing along z.
    """

    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]
    shape: tuple[int, int, int]
    thickness: float | None = None

    def __post_init__(self) -> None:
        if min(self.spacing) <= 0 or min(self.shape) <= 0:
            raise ValueError(f"spacing and shape must be positive, got {self.spacing} and {self.shape}")

    @property
    def slice_thickness(self) -> float:
        """Slice thickness in mm."""
        return self.spacing[2] if self.thickness is None else self.thickness

    @property
    def z_range(self) -> tuple[float, float]:
        """LPS z of the lower face of the first slice and the upper face of the last one, mm."""
        half = self.slice_thickness / 2
        return self.origin[2] - half, self.origin[2] + (self.shape[0] - 1) * self.spacing[2] + half


class Canvas:
    """HU values and vertebra labels at the points of an open mesh.

    Args:
        x, y, z: coordinates of the voxel columns, rows and planes, mm, ascending and evenly spaced (z may be uneven).
        voxel: width in mm over which a surface is blurred.
        tile: periodic texture of unit variance, a value every 1.6 mm.
    """

    def __init__(self, *, x: Array, y: Array, z: Array, voxel: float, tile: Array) -> None:
        self.axes = (z, y, x)
        self.voxel = np.float32(voxel)
        shape = (len(z), len(y), len(x))
        self.hu: Array = np.full(shape, -1000, np.float32)
        self.labels: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        self.bodies: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        self.cavity: Array = np.full(shape, 1e3, np.float32)  # distance to the wall of the body cavity, mm
        self._tile = tile

    def mesh(self, region: tuple[slice, slice, slice] | None = None) -> tuple[Array, Array, Array]:
        """Return the open mesh x, y, z of a region (default: everything)."""
        z, y, x = (axis[part] for axis, part in zip(self.axes, region or (slice(None),) * 3, strict=True))
        return x[None, None, :], y[None, :, None], z[:, None, None]

    def region(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[slice, slice, slice] | None:
        """Return the slices that cover a box (mm), or None where it misses the canvas."""
        parts = []
        for axis, first, last in zip(self.axes, low[::-1], high[::-1], strict=True):
            start, stop = np.searchsorted(axis, (first - self.voxel, last + self.voxel))
            if start >= stop:
                return None
            parts.append(slice(int(start), int(stop)))
        return parts[0], parts[1], parts[2]

    def paint(self, part: Part) -> None:
        """Paint a part over what is there, sharing voxels at its surface."""
        distance = self._joined(part.pieces)
        if distance is None:
            return
        region, field = distance
        if part.in_cavity:
            np.maximum(field, self.cavity[region] + 2, out=field)
        self.blend(field, part.material, region)
        if part.label:
            self.labels[region][field < 0] = part.label
        if part.body is not None:
            self._mark_body(part.body, part.label)

    def paint_all(self, parts: Iterable[Part]) -> None:
        """Paint parts in their order."""
        for part in parts:
            self.paint(part)

    def blend(self, distance: Array, material: Material, region: tuple[slice, slice, slice]) -> None:
        """Blend a material into a region given its signed distance there."""
        target = self.hu[region]
        half = self.voxel / 2
        deep = distance < -(half + np.float32(material.shell_mm))
        core = material.shell_hu if material.core_hu is None else material.core_hu
        np.copyto(target, np.float32(core), where=deep)
        if material.texture_hu:
            np.add(target, self._texture(region, material.texture_hu), out=target, where=deep)
        edge = np.nonzero((distance < half) & ~deep)
        near, old = distance[edge], target[edge]
        outer = np.clip(np.float32(0.5) - near / self.voxel, 0, 1)
        new = old + outer * (np.float32(material.shell_hu) - old)
        if material.core_hu is not None:
            inner = np.clip(np.float32(0.5) - (near + np.float32(material.shell_mm)) / self.voxel, 0, 1)
            new += inner * np.float32(material.core_hu - material.shell_hu)
        target[edge] = new

    def _texture(self, region: tuple[slice, slice, slice], deviation: float) -> Array:
        """Return the texture of a region; larger voxels average it out."""
        block = self._tile
        for k, (axis, part) in enumerate(zip(self.axes, region, strict=True)):
            block = block.take(np.round(axis[part] / _TILE_MM).astype(int) % self._tile.shape[k], axis=k)
        return block * np.float32(deviation * min(1.0, 1.5 * _TILE_MM / float(self.voxel)))

    def _joined(self, pieces: tuple[Piece, ...]) -> tuple[tuple[slice, slice, slice], Array] | None:
        regions = [(piece, region) for piece in pieces if (region := self.region(piece.low, piece.high))]
        if not regions:
            return None
        starts = [min(r[k].start for _, r in regions) for k in range(3)]
        stops = [max(r[k].stop for _, r in regions) for k in range(3)]
        whole = (slice(starts[0], stops[0]), slice(starts[1], stops[1]), slice(starts[2], stops[2]))
        field = np.full([b - a for a, b in zip(starts, stops, strict=True)], 1e3, np.float32)
        for piece, region in regions:
            inner = tuple(slice(r.start - s, r.stop - s) for r, s in zip(region, starts, strict=True))
            np.minimum(field[inner], piece.distance(*self.mesh(region)), out=field[inner])
        return whole, field

    def _mark_body(self, piece: Piece, label: int) -> None:
        region = self.region(piece.low, piece.high)
        if region is not None:
            inside = piece.distance(*self.mesh(region)) < 0
            self.bodies[region][inside] = label


def texture_tile(seed: int) -> Array:
    """Return a periodic texture (64, 64, 64) of unit variance, smooth over about 3 mm."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).standard_normal((64, 64, 64)).astype(np.float32)
    smooth = gaussian_filter(noise, 1.0, mode="wrap")
    return np.asarray(smooth / smooth.std(), np.float32)
