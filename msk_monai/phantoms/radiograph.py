"""What a radiographic system makes of a patient's line integrals: exposure with scatter and noise, and its picture for the reader."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from msk_monai.phantoms.shapes import Array

FULL_SCALE = 4095
_COARSE_MM = 3.0


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """How a film is exposed.

    Args:
        quanta: detected per mm² where the film is of middling density.
        scatter: share of the signal behind the patient that is scattered radiation.
        scatter_mm: over which scatter spreads (standard deviation).
        hardening: share of a line integral that is lost per unit of it, as soft quanta die out first.
        focal_mm: blur by the size of the focal spot, at the detector (standard deviation).
        detector_mm: blur by the detector (standard deviation).
        readout: noise of the electronics, in quanta per pixel.
    """

    quanta: float = 40_000.0
    scatter: float = 0.35
    scatter_mm: float = 40.0
    hardening: float = 0.01
    focal_mm: float = 0.1
    detector_mm: float = 0.12
    readout: float = 5.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the exposure is shown.

    Args:
        flatten: share of the slow changes of density that is taken away.
        flatten_mm: how slow (standard deviation).
        sharpen: how much fine detail is raised.
        sharpen_mm: how fine.
        window: percentiles of density that become black and white.
        gamma: exponent of the grey values.
        slope: steepness of an S-shaped curve over them; 0: none.
        inverted: stored as MONOCHROME1, low values bright.
    """

    flatten: float = 0.4
    flatten_mm: float = 25.0
    sharpen: float = 0.6
    sharpen_mm: float = 1.5
    window: tuple[float, float] = (2.0, 99.7)
    gamma: float = 1.0
    slope: float = 0.0
    inverted: bool = False


def sample_exposure(rng: np.random.Generator) -> Exposure:
    """Draw an exposure: from a low dose without a grid to a good film."""
    return Exposure(
        quanta=float(np.exp(rng.uniform(np.log(6e3), np.log(2e5)))),
        scatter=float(rng.uniform(0.1, 0.6)),
        scatter_mm=float(rng.uniform(25, 60)),
        hardening=float(rng.uniform(0.0, 0.025)),
        focal_mm=float(rng.uniform(0.05, 0.25)),
        detector_mm=float(rng.uniform(0.05, 0.2)),
        readout=float(rng.uniform(1, 12)),
    )


def sample_look(rng: np.random.Generator) -> Look:
    """Draw a look: from a plain logarithm to strong processing."""
    plain = rng.random() < 0.2
    return Look(
        flatten=0.0 if plain else float(rng.uniform(0.1, 0.75)),
        flatten_mm=float(rng.uniform(12, 45)),
        sharpen=0.0 if plain else float(rng.uniform(0.1, 1.8)),
        sharpen_mm=float(np.exp(rng.uniform(np.log(0.6), np.log(4.0)))),
        window=(float(rng.choice((0.3, 3.0, 12.0, 30.0), p=(0.3, 0.35, 0.25, 0.1))), float(rng.uniform(98.8, 99.95))),
        gamma=float(np.exp(rng.normal(0, 0.3))),
        slope=float(rng.uniform(1, 5)) if rng.random() < 0.5 else 0.0,
        inverted=bool(rng.random() < 0.3),
    )


def expose(integrals: Array, field: Array, pixel_mm: tuple[float, float], exposure: Exposure, rng: np.random.Generator) -> Array:
    """Return the detector's signal, 1 where the full beam meets it.

    Args:
        integrals: of attenuation along the rays, (rows, columns).
        field: share of the beam that the collimator lets through, (rows, columns).
        pixel_mm: distance between rows, between columns, at the detector.
        exposure: see there.
        rng: of the noise.
    """
    softened = integrals * (1 - np.float32(exposure.hardening) * integrals)
    primary = np.exp(-softened) * field
    blur = [exposure.focal_mm / p for p in pixel_mm]
    primary = gaussian_filter(primary, blur, truncate=3) if max(blur) > 0.25 else primary
    spread = blurred(primary, exposure.scatter_mm, pixel_mm)
    signal = primary + np.float32(exposure.scatter / (1 - exposure.scatter)) * spread
    middling = float(np.median(signal[field > 0.5]))
    per_pixel = exposure.quanta * pixel_mm[0] * pixel_mm[1] / max(middling, 1e-6)
    spread_of_counts = np.sqrt(signal * np.float32(per_pixel) + np.float32(exposure.readout**2))
    noise = rng.standard_normal(signal.shape, np.float32) * spread_of_counts / np.float32(per_pixel)
    blur = [exposure.detector_mm / p for p in pixel_mm]
    return np.asarray(gaussian_filter(signal + noise, blur, truncate=3), np.float32)


def present(signal: Array, field: Array, pixel_mm: tuple[float, float], look: Look) -> Array:
    """Return grey values from 0 (black: much radiation) to 1 (white: dense)."""
    floor = float(np.percentile(signal[::7, ::7], 1)) * 0.05 + 1e-6
    density = -np.log(np.maximum(signal, np.float32(floor)))
    inside = field > 0.5
    base = float(np.median(density[inside]))
    slow = blurred(np.where(inside, density, np.float32(base)), look.flatten_mm, pixel_mm)
    shown = density - np.float32(look.flatten) * slow
    if look.sharpen:
        shown += np.float32(look.sharpen) * (density - gaussian_filter(density, [look.sharpen_mm / p for p in pixel_mm], truncate=3))
    black, white = np.percentile(shown[inside][::11], look.window)
    grey = np.clip((shown - np.float32(black)) / np.float32(max(white - black, 1e-3)), 0, 1) ** np.float32(look.gamma)
    if look.slope:
        low, high = (1 / (1 + np.exp(look.slope * s)) for s in (0.5, -0.5))
        grey = (1 / (1 + np.exp(np.float32(-look.slope) * (grey - np.float32(0.5)))) - np.float32(low)) / np.float32(high - low)
    return np.asarray(grey, np.float32)


def blurred(image: Array, width_mm: float, pixel_mm: tuple[float, float]) -> Array:
    """Blur widely, by way of a coarse copy."""
    steps = [max(int(_COARSE_MM / p), 1) for p in pixel_mm]
    rows, columns = (-(-n // s) for n, s in zip(image.shape, steps, strict=True))
    padded = np.pad(image, ((0, rows * steps[0] - image.shape[0]), (0, columns * steps[1] - image.shape[1])), mode="edge")
    coarse = padded.reshape(rows, steps[0], columns, steps[1]).mean((1, 3))
    smooth = gaussian_filter(coarse, [width_mm / s / p for s, p in zip(steps, pixel_mm, strict=True)], truncate=3, mode="nearest")
    wide = zoom(smooth, steps, order=1, mode="nearest", grid_mode=True)
    return np.asarray(wide[: image.shape[0], : image.shape[1]], np.float32)


def to_stored(grey: Array, *, inverted: bool) -> NDArray[np.uint16]:
    """Return the 12-bit values to store, uint16."""
    values = np.rint(np.clip(grey, 0, 1) * FULL_SCALE)
    return (FULL_SCALE - values if inverted else values).astype(np.uint16)
