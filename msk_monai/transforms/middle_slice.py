"""From a network's profile to findings: the acquired slice that lies in the middle of a level."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform

from msk_monai.geometry import axis_towards, flip_lps_ras, voxel_centres_along
from msk_monai.measure.level_profile import LevelModel, LevelRange, level_ranges
from msk_monai.measure.middle_of_level import LevelMiddle, middle_of_level
from msk_monai.records import Findings, Measurement, SliceLocation, Status

HEAD = (0.0, 0.0, 1.0)


class MiddleSliced(Transform):
    """Decode the profile and write ``findings`` (and ``level_ranges``, for pictures).

    Args:
        levels: names from the head down; the profile's classes are "above", these, "below".
        level: the one whose middle slice is wanted.
        margin: slices of the profile at either end that lie outside of the scan.
        interval_mm: half the width of the interval given around the middle.
        confidence_level: share of cases in which that interval holds the true middle, as measured (model card).
        pred_key: (classes, slices) probabilities.
        image_key: the network's input, whose affine gives the slices' heights.
        source_key: the volume as it was read.
    """

    def __init__(
        self,
        *,
        levels: Sequence[str],
        level: str,
        margin: int = 0,
        interval_mm: float | None = None,
        confidence_level: float | None = None,
        pred_key: str = "pred",
        image_key: str = "image",
        source_key: str = "source",
    ) -> None:
        self.model = LevelModel(levels=tuple(levels))
        self.level = level
        self.margin = margin
        self.interval_mm = interval_mm
        self.confidence_level = confidence_level
        self.pred_key, self.image_key, self.source_key = pred_key, image_key, source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write ``findings`` and ``level_ranges`` of one case."""
        out = dict(data)
        image, source = out[self.image_key], out[self.source_key]
        profile = np.asarray(out[self.pred_key], dtype=np.float64)
        heights = float(image.affine[2, 3]) + float(image.affine[2, 2]) * np.arange(profile.shape[-1])
        inner = slice(self.margin, len(heights) - self.margin)
        ranges = level_ranges(profile[:, inner], heights[inner], self.model)
        middle = middle_of_level(ranges, self.level, self.model)
        out["level_ranges"] = ranges
        out["findings"] = self._findings(ranges, middle, source)
        return out

    def _findings(self, ranges: Sequence[LevelRange], middle: LevelMiddle, source: MetaTensor) -> Findings:
        warnings = tuple(source.meta.get("warnings", ()))
        measurements = [self._middle(middle, warnings), *(_other(r) for r in ranges if r.name != self.level)]
        return Findings(
            status=Status.OK if middle.z is not None else Status.FLAGGED,
            reason=middle.reason,
            measurements=tuple(measurements),
            slice=None if middle.z is None else acquired_slice(source, middle.z),
        )

    def _middle(self, middle: LevelMiddle, warnings: tuple[str, ...]) -> Measurement:
        half = self.interval_mm if middle.z is not None else None
        return Measurement(
            name=f"{self.level.lower()}_middle_z",
            value=middle.z,
            unit="mm",
            lower=None if half is None else middle.z - half,  # type: ignore[operator]
            upper=None if half is None else middle.z + half,  # type: ignore[operator]
            confidence_level=self.confidence_level if half is not None else None,
            flags=(f"probability of the level's name {middle.probability:.2f}", *middle.flags, *warnings),
            method="slice profile, order-respecting segmentation",
        )


def _other(level: LevelRange) -> Measurement:
    flags = () if level.complete else ("cut by the end of the scan",)
    return Measurement(name=f"{level.name.lower()}_middle_z", value=(level.top + level.bottom) / 2, unit="mm", flags=flags)


def acquired_slice(volume: MetaTensor, z: float) -> SliceLocation:
    """The slice of a volume whose centre lies nearest to a height.

    Slices are counted along the volume's axis that points to the head; where the reader interpolated planes, among those
    that were acquired.

    Args:
        volume: (1, I, J, K) with a RAS affine and the reader's meta data.
        z: mm, LPS.
    """
    affine, shape = flip_lps_ras(volume.affine.numpy()), tuple(int(n) for n in volume.shape[1:])
    axis, sense = axis_towards(affine, HEAD)
    centres = voxel_centres_along(affine, (shape[0], shape[1], shape[2]), axis)
    plane = int(np.abs(centres[:, 2] - z).argmin())
    uids = volume.meta.get("sop_instance_uids", ())
    index, centre = plane, centres[plane]
    if axis == 2 and volume.meta.get("interpolated"):
        index, centre = _acquired(volume, centres, plane)
        count = len(volume.meta["slice_positions_lps"])
    else:
        count = shape[axis]
    return SliceLocation(
        index=index if sense > 0 else count - 1 - index,
        position_mm=(float(centre[0]), float(centre[1]), float(centre[2])),
        sop_instance_uid=uids[plane] if axis == 2 and len(uids) == shape[2] else None,
    )


def _acquired(volume: MetaTensor, centres: np.ndarray, plane: int) -> tuple[int, np.ndarray]:
    """Number and centre of the acquired slice nearest to an interpolated plane."""
    positions = np.asarray(volume.meta["slice_positions_lps"], dtype=np.float64)
    first = flip_lps_ras(volume.affine.numpy())[:3, 3]
    normal = centres[1] - centres[0] if len(centres) > 1 else np.array(HEAD)
    normal = normal / np.linalg.norm(normal)
    along, wanted = (positions - first) @ normal, (centres[plane] - centres[0]) @ normal
    index = int(np.abs(along - wanted).argmin())
    return index, centres[0] + normal * along[index]
