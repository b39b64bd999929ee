"""How large a radiograph's pixels are in the patient, and how far that can be trusted (DICOM PS3.3 section 10.7.1.3)."""

import math
from dataclasses import dataclass

from msk_monai.dicom.instance import Instance, Vector

X_RAY_MODALITIES = frozenset({"CR", "DX", "RG", "MG", "PX", "IO", "XA", "RF", "OT", "SC", "XC"})
"""Projections by a divergent beam (or film digitised, or a capture of one): their pixels are larger at the detector than in the patient."""
SAME_SPACING = 1e-3
"""PixelSpacing that differs from ImagerPixelSpacing by less, relatively, is a copy of it and no calibration."""


@dataclass(frozen=True, kw_only=True)
class PixelSize:
    """Size of a pixel.

    Attributes:
        rows_columns: mm between rows, mm between columns; None where nothing says.
        source: which rule gave it; ``none`` where nothing did.
        aspect_ratio: height of a pixel divided by its width; 1 for square pixels.
        warnings: what to tell whoever relies on it.
    """

    rows_columns: tuple[float, float] | None
    source: str
    aspect_ratio: float
    warnings: tuple[str, ...] = ()


def pixel_size(instance: Instance, modality: str | None) -> PixelSize:
    """Apply the rules to an image that stands alone.

    PixelSpacing where PixelSpacingCalibrationType says how it was calibrated or where it differs from ImagerPixelSpacing; else
    ImagerPixelSpacing divided by EstimatedRadiographicMagnificationFactor, or as it is, at the plane of the detector; else
    PixelSpacing alone, uncalibrated; else NominalScannedPixelSpacing, on the film; else none.

    Args:
        instance: the image.
        modality: its modality.
    """
    projection = instance.projection
    given = {"PixelSpacing": instance.frames[0].spacing, "ImagerPixelSpacing": projection.imager_spacing}
    faulty = tuple(f"{name} is not positive and was ignored" for name, value in given.items() if value is not None and not _valid(value))
    pixel, imager, nominal = _pair(given["PixelSpacing"]), _pair(given["ImagerPixelSpacing"]), _pair(projection.nominal_spacing)
    size, source, warning = _rule(instance, modality, pixel, imager, nominal)
    ratio = size[0] / size[1] if size else _ratio(projection.aspect_ratio)
    return PixelSize(rows_columns=size, source=source, aspect_ratio=ratio, warnings=(*faulty, *((warning,) if warning else ())))


Pair = tuple[float, float]


def _rule(
    instance: Instance, modality: str | None, pixel: Pair | None, imager: Pair | None, nominal: Pair | None
) -> tuple[Pair | None, str, str | None]:
    calibration, factor = instance.projection.calibration, instance.projection.magnification
    if pixel and calibration:
        return pixel, f"PixelSpacing (CALIBRATED: {calibration})", None
    if pixel and imager and any(abs(a / b - 1) > SAME_SPACING for a, b in zip(pixel, imager, strict=True)):
        return pixel, "PixelSpacing (CALIBRATED: it differs from ImagerPixelSpacing)", None
    if imager and factor is not None and factor > 0:
        return (imager[0] / factor, imager[1] / factor), f"ImagerPixelSpacing / magnification {factor:g}", None
    if imager:
        return imager, "ImagerPixelSpacing (at detector plane)", "millimetres are at the detector plane: the magnification is unknown"
    if pixel and modality not in X_RAY_MODALITIES:
        return pixel, "PixelSpacing", None
    if pixel:
        return pixel, "PixelSpacing (uncalibrated)", "millimetres are uncalibrated: nothing says at which plane the pixel spacing holds"
    if nominal:
        return nominal, "NominalScannedPixelSpacing (uncalibrated)", "millimetres are those of the scanned film"
    return None, "none", "no pixel spacing: lengths are in pixels"


def _valid(values: Vector) -> bool:
    return all(math.isfinite(value) and value > 0 for value in values)


def _pair(values: Vector | None) -> Pair | None:
    return (values[0], values[1]) if values is not None and _valid(values) else None


def _ratio(values: Vector | None) -> float:
    """PixelAspectRatio is vertical to horizontal size."""
    return values[0] / values[1] if values is not None and _valid(values) else 1.0
