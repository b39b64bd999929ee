"""A whole-body gamma camera: what two heads count of a patient who is moved through between them.

Images are (2, rows, columns): anterior, posterior, with rows from head to feet and columns from the patient's right to the left, as the
anterior head sees them; turning them to how a camera stores them is not done here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift, zoom
from scipy.special import expit

from msk_monai.phantoms.bone_scan_body import BoneScanBody
from msk_monai.phantoms.uptake_solids import Array, Solid, Uptake

MU = 0.0125
"""Attenuation of 140 keV in tissue per mm: less than of a narrow beam (0.015), for much of what is scattered is counted where it went."""
_METAL_MU = 0.035
_LAYERS = np.array((-90.0, -30.0, 30.0, 90.0))  # y of what is blurred alike, mm
_SIGMA = 1 / 2.3548
_HAZE_MM = 38.0
_COARSE = 4


@dataclass(frozen=True, kw_only=True)
class Motion:
    """How a patient moved during the scan.

    Args:
        row: where it began.
        step: mm to the patient's left from there on.
        tremor: mm to either side, over ``rows`` rows from there.
        rows: see there.
    """

    row: float = 0.0
    step: float = 0.0
    tremor: float = 0.0
    rows: int = 0

    def offset(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mm to the patient's left at a row."""
        return self.step * expit((row - self.row) / 1.5)


@dataclass(frozen=True, kw_only=True)
class CameraSetup:
    """How a patient is scanned.

    Args:
        shape: rows, columns.
        pixel: mm.
        top: z of the first row, mm above the soles.
        aside: mm by which the patient lies to the own left of the table's middle.
        tilt: by which the head leans to the patient's left, degrees.
        gaps: mm between the heads and the patient's middle, anterior, posterior.
        rows: first and past-the-last one scanned.
        width: of the heads, mm.
        counts: expected in both images.
        haze: share of the counts that scatter has spread wide.
        resolution: full width at half maximum at the collimator (mm) and what each mm of distance adds.
        motion: see there.
    """

    shape: tuple[int, int]
    pixel: float
    top: float
    aside: float = 0.0
    tilt: float = 0.0
    gaps: tuple[float, float] = (170.0, 160.0)
    rows: tuple[int, int]
    width: float
    counts: float
    haze: float = 0.13
    resolution: tuple[float, float] = (4.0, 0.043)
    motion: Motion = Motion()

    def pixel_of(self, x: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Columns and rows (N, 2) at which places of the patient are seen, 0 = centre of the first pixel."""
        sine, cosine = np.sin(np.radians(self.tilt)), np.cos(np.radians(self.tilt))
        from_middle = z - self._middle
        row = (self.top - (-x * sine + from_middle * cosine + self._middle)) / self.pixel
        across = x * cosine + from_middle * sine + self.aside + self.motion.offset(row)
        return np.stack([across / self.pixel + (self.shape[1] - 1) / 2, row], axis=-1)

    @property
    def _middle(self) -> float:
        return self.top - self.shape[0] * self.pixel * 0.45

    def mesh(self) -> tuple[Array, Array]:
        """The patient's x and z (mm) seen at each pixel, both of the image's shape."""
        sine, cosine = np.sin(np.radians(self.tilt)), np.cos(np.radians(self.tilt))
        rows, columns = (np.arange(n, dtype=float) for n in self.shape)
        across = (columns - (self.shape[1] - 1) / 2) * self.pixel - self.aside
        x = (across[None] - self.motion.offset(rows)[:, None]).astype(np.float32)
        z = (self.top - rows * self.pixel - self._middle).astype(np.float32)[:, None]
        c, s = np.float32(cosine), np.float32(sine)
        return x * c - z * s, x * s + z * c + np.float32(self._middle)


def expected_counts(body: BoneScanBody, setup: CameraSetup, *, texture: Array) -> Array:
    """Return the mean counts (2, rows, columns), whose sum is ``setup.counts``.

    Args:
        body: the patient.
        setup: the camera's.
        texture: relative uptake of the soft tissue, broadcast to (rows, columns).
    """
    canvas = _Canvas(setup, *setup.mesh())
    front, back = canvas.outline(body.flesh())
    thick = back - front
    flesh = np.float32(body.soft / MU) * texture * (1 - np.exp(np.float32(-MU) * thick))
    sheets = np.zeros((2, len(_LAYERS), *setup.shape), np.float32)
    canvas.add(sheets, body.uptake(), front, back)
    whole = canvas.blurred(np.maximum(sheets, 0), setup) + canvas.blurred_flesh(flesh, setup)
    metal = body.metal()
    if metal:
        whole *= gaussian_filter(np.exp(np.float32(-_METAL_MU) * canvas.thickness(metal)), _sigma(setup, 0, 0.0))
    rims = np.zeros_like(sheets)
    canvas.add(rims, body.rims(), front, back)
    whole += canvas.blurred(rims, setup)
    return _counted(whole, setup)


def _counted(image: Array, setup: CameraSetup) -> Array:
    """Add what is scattered and the room's own counts, cut off what the heads do not reach, and scale to the expected counts."""
    image = (1 - setup.haze) * image + setup.haze * np.stack([_haze(view, setup.pixel) for view in image])
    image += np.float32(0.004) * image.mean()
    first, last = setup.rows
    across = (np.arange(setup.shape[1]) - (setup.shape[1] - 1) / 2) * setup.pixel
    image[:, :first], image[:, last:] = 0, 0
    image[:, :, np.abs(across) > setup.width / 2] = 0
    if setup.motion.tremor:
        image = _trembled(image, setup)
    return (image * np.float32(setup.counts / image.sum(dtype=float))).astype(np.float32)


def _trembled(image: Array, setup: CameraSetup) -> Array:
    first, by = int(setup.motion.row), setup.motion.tremor / setup.pixel
    slab = image[:, first : first + setup.motion.rows]
    image[:, first : first + setup.motion.rows] = sum(shift(slab, (0, 0, way * by), order=1) for way in (-1, 1)) / 2
    return image


def _haze(view: Array, pixel: float) -> Array:
    rows, columns = view.shape
    small = view.reshape(rows // _COARSE, _COARSE, columns // _COARSE, _COARSE).mean((1, 3))
    return np.asarray(
        zoom(gaussian_filter(small, _HAZE_MM / pixel / _COARSE), _COARSE, order=1, mode="nearest", grid_mode=True), np.float32
    )


@dataclass(frozen=True)
class _Canvas:
    """Where things are seen: ``x`` and ``z`` are the patient's coordinates (mm) at each pixel."""

    setup: CameraSetup
    x: Array
    z: Array

    def window(self, solid: Solid) -> tuple[slice, slice]:
        """The pixels that may show a solid."""
        low_x, low_z, high_x, high_z = solid.box()
        corners = self.setup.pixel_of(np.array((low_x, low_x, high_x, high_x)), np.array((low_z, high_z, low_z, high_z)))
        least, most = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int) + 1
        slack = int(abs(self.setup.motion.step) / self.setup.pixel) + 1
        rows, columns = self.setup.shape
        across = slice(int(np.clip(least[0] - slack, 0, columns)), int(np.clip(most[0] + slack, 0, columns)))
        return slice(int(np.clip(least[1], 0, rows)), int(np.clip(most[1], 0, rows))), across

    def outline(self, flesh: Sequence[Solid]) -> tuple[Array, Array]:
        """Y of the skin in front and behind; both 0 beside the patient."""
        front, back = np.full(self.setup.shape, 1e3, np.float32), np.full(self.setup.shape, -1e3, np.float32)
        for solid in flesh:
            at = self.window(solid)
            thick, middle = solid.shadow(self.x[at], self.z[at])
            inside = thick > 0
            front[at] = np.where(inside, np.minimum(front[at], middle - thick / 2), front[at])
            back[at] = np.where(inside, np.maximum(back[at], middle + thick / 2), back[at])
        beside = back < front
        front[beside], back[beside] = 0, 0
        return front, back

    def thickness(self, solids: Sequence[Solid]) -> Array:
        total = np.zeros(self.setup.shape, np.float32)
        for solid in solids:
            at = self.window(solid)
            total[at] += solid.shadow(self.x[at], self.z[at])[0]
        return total

    def add(self, sheets: Array, parts: Sequence[Uptake], front: Array, back: Array) -> None:
        """Add what each solid sends to each head, through what lies before it, to the sheet of its depth."""
        for part in parts:
            at = self.window(part.solid)
            thick, middle = part.solid.shadow(self.x[at], self.z[at])
            sent = np.float32(part.level) * thick
            layer = int(np.abs(_LAYERS - part.solid.middle).argmin())
            sheets[0, layer][at] += sent * np.exp(np.float32(-MU) * np.maximum(middle - front[at], 0))
            sheets[1, layer][at] += sent * np.exp(np.float32(-MU) * np.maximum(back[at] - middle, 0))

    def blurred(self, sheets: Array, setup: CameraSetup) -> Array:
        """Blur each sheet by its distance from each head, and add them up."""
        total = np.zeros((2, *setup.shape), np.float32)
        for view, way in enumerate((1, -1)):
            for layer, y in enumerate(_LAYERS):
                if sheets[view, layer].any():
                    total[view] += gaussian_filter(sheets[view, layer], _sigma(setup, view, way * y), truncate=3.5)
        return total

    def blurred_flesh(self, flesh: Array, setup: CameraSetup) -> Array:
        """What flesh sends is mostly that of the side next to the head."""
        return np.stack([gaussian_filter(flesh, _sigma(setup, view, -40.0), truncate=3.0) for view in range(2)])


def _sigma(setup: CameraSetup, view: int, away: float) -> float:
    """Of the point spread in pixels, ``away`` mm beyond the patient's middle as the head sees it."""
    near, slope = setup.resolution
    return float(np.hypot(3.6, near + slope * max(setup.gaps[view] + away, 10.0) - 2.0) * _SIGMA / setup.pixel)
