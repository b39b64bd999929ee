"""What a scanner adds to the anatomy: blur and noise of its kernel, streaks from metal, beam hardening."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from msk_monai.phantoms.ct import CTVolume
from msk_monai.phantoms.shapes import Array

_METAL_HU = 2800


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """Settings of a scan.

    Args:
        kernel: ``soft`` (smooth, coarse noise), ``standard`` or ``bone`` (sharp, with overshoot and fine noise).
        noise_hu: standard deviation of the noise in soft tissue at the middle of the body.
        cupping_hu: how much the middle of the body darkens by beam hardening.
        streaks: strength of the streaks from metal, 0 for none.
        kvp, mas: tube voltage in kV and exposure in mAs, for the header.
    """

    kernel: Literal["soft", "standard", "bone"] = "standard"
    noise_hu: float = 12.0
    cupping_hu: float = 0.0
    streaks: float = 1.0
    kvp: float = 120.0
    mas: float = 150.0


def sample_scanner(rng: np.random.Generator, *, thickness: float) -> Scanner:
    """Draw a scanner; thin slices, low dose and sharp kernels are noisier."""
    kernel: Literal["soft", "standard", "bone"] = ("soft", "standard", "bone")[int(rng.choice(3, p=(0.4, 0.4, 0.2)))]
    low_dose = rng.random() < 0.15
    noise = rng.uniform(6, 16) * np.sqrt(3.0 / max(thickness, 0.6)) * {"soft": 0.8, "standard": 1.0, "bone": 2.2}[kernel]
    return Scanner(
        kernel=kernel,
        noise_hu=float(min(noise * (rng.uniform(1.8, 3.0) if low_dose else 1.0), 120)),
        cupping_hu=float(rng.uniform(0, 30)) if rng.random() < 0.3 else 0.0,
        streaks=float(rng.uniform(0.4, 1.3)),
        kvp=float(rng.choice((80, 100, 120, 120, 140))),
        mas=float(np.round(rng.uniform(20, 60) if low_dose else rng.uniform(80, 260))),
    )


def acquire(volume: CTVolume, scanner: Scanner, rng: np.random.Generator) -> CTVolume:
    """Return the volume as the scanner shows it; labels and truth stay."""
    hu = np.empty_like(volume.hu)
    pixel = volume.grid.spacing[0]
    for index, plane in enumerate(volume.hu):
        image = plane.astype(np.float32)
        metal = image > _METAL_HU
        image = _through_kernel(image, scanner, pixel)
        inside = _depth(plane, pixel)
        image -= np.float32(scanner.cupping_hu) * inside * (plane > -500)
        if scanner.streaks and metal.any():
            image += _streaks(metal, scanner.streaks, pixel, rng)
        image += _noise(rng, plane.shape, scanner, pixel) * (np.float32(0.45) + np.float32(0.75) * inside)
        hu[index] = np.clip(np.rint(image), -1024, 3071)
    return CTVolume(hu, volume.labels, volume.bodies, volume.grid, volume.truth)


def _depth(plane: NDArray[np.int16], pixel: float) -> Array:
    """Return how much tissue surrounds each pixel, 0 in the open to 1 deep inside (from a coarse copy)."""
    step = max(int(8 / pixel), 1)
    coarse = gaussian_filter((plane[::step, ::step] > -500).astype(np.float32), 40 / pixel / step, truncate=2)
    rows, columns = (np.minimum(np.arange(n, dtype=np.float32) / step, m - 1) for n, m in zip(plane.shape, coarse.shape, strict=True))
    return np.asarray(map_coordinates(coarse, np.meshgrid(rows, columns, indexing="ij"), order=1), np.float32)


def _through_kernel(image: Array, scanner: Scanner, pixel: float) -> Array:
    if scanner.kernel == "bone":
        smooth = gaussian_filter(image, 1.0 / pixel, truncate=3)
        return image + np.float32(0.35) * (image - smooth)
    width = 0.8 if scanner.kernel == "soft" else 0.5
    return np.asarray(gaussian_filter(image, width / pixel, truncate=3), np.float32)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], scanner: Scanner, pixel: float) -> Array:
    """Return noise of the kernel's grain; its power falls towards low frequencies as a ramp filter leaves it."""
    white = rng.standard_normal(shape, np.float32)
    fine = {"soft": 0.9, "standard": 0.6, "bone": 0.3}[scanner.kernel] / pixel
    grain = gaussian_filter(white, fine, truncate=3) - gaussian_filter(white, 3 * fine + 1.0, truncate=3) * np.float32(0.8)
    return grain * np.float32(scanner.noise_hu / max(float(grain.std()), 1e-6))


def _streaks(metal: NDArray[np.bool_], strength: float, pixel: float, rng: np.random.Generator) -> Array:
    """Return bright and dark rays that leave the metal, fading with distance."""
    rows, columns = np.nonzero(metal)
    y, x = np.ogrid[: metal.shape[0], : metal.shape[1]]
    dy, dx = (y - np.float32(rows.mean())) * np.float32(pixel), (x - np.float32(columns.mean())) * np.float32(pixel)
    angle, reach = np.arctan2(dy, dx), np.hypot(dy, dx) + 8
    rays = sum(np.sin(2 * k * angle + np.float32(rng.uniform(0, 6.28))) / np.float32(np.sqrt(k)) for k in (1, 3, 7, 13))
    amount = strength * 2600 * min(metal.sum() * pixel * pixel / 150, 2.0)
    return np.asarray(rays * np.float32(amount) / reach * np.exp(-reach / np.float32(140)), np.float32) * np.float32(0.35)
