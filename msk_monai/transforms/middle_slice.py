"""From a network's profile to findings: the acquired slice that lies in the middle of a level."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform
from scipy.special import softmax

from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry import apply_affine, axis_towards, flip_lps_ras
from msk_monai.measure.level_profile import LevelModel, LevelRange, level_ranges
from msk_monai.measure.middle_of_level import LevelMiddle, middle_of_level
from msk_monai.records import Findings, Landmark, Measurement, SliceLocation, Status

HEAD = (0.0, 0.0, 1.0)


class MiddleSliced(Transform):
    """Decode the network's answer and write ``findings`` (and ``level_ranges`` and ``spine``, x and y in LPS mm, for pictures).

    Landmarks ``L3_middle`` … are the middles of the levels seen, in space; in plane where the network sees the spine, not measured.

    Args:
        levels: names from the head down; the profile's classes are "above", these, "below".
        level: the one whose middle slice is wanted.
        margin: slices of the profile at either end that lie outside of the scan.
        interval_mm: half the width of the interval given around the middle.
        confidence_level: share of cases in which that interval holds the true middle, as measured (model card).
        pred_key: (classes + 4, slices) as :class:`msk_monai.networks.SliceProfileNet` gives.
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
        """Write ``findings``, ``level_ranges`` and ``spine`` of one case."""
        out = dict(data)
        image, source = out[self.image_key], out[self.source_key]
        pred = np.asarray(out[self.pred_key], dtype=np.float64)
        heights = float(image.affine[2, 3]) + float(image.affine[2, 2]) * np.arange(pred.shape[-1])
        inner = slice(self.margin, len(heights) - self.margin)
        pred, heights = pred[:, inner], heights[inner]
        held = _held(source, image, pred[-2:], heights)
        pred, heights = pred[:, held], heights[held]
        logits, phase, place = np.split(pred, [len(self.model.levels) + 2, len(self.model.levels) + 4])
        ranges = level_ranges(softmax(logits, axis=0), phase[0] + 1j * phase[1], heights, self.model)
        middle = middle_of_level(ranges, self.level, self.model)
        out["level_ranges"], out["spine"] = ranges, spine_position(image, place, heights, ranges)
        landmarks = self._landmarks(source, image, place, heights, ranges)
        where = None
        if middle.z is not None:
            there = spine_position(image, place, heights, [r for r in ranges if r.name == self.level])
            where = acquired_slice(source, (*there, middle.z))
        findings = self._findings(ranges, middle, where, tuple(source.meta.get("warnings", ())))
        out["findings"] = replace(findings, landmarks=landmarks)
        return out

    def _landmarks(
        self, source: MetaTensor, image: MetaTensor, place: np.ndarray, heights: np.ndarray, ranges: Sequence[LevelRange]
    ) -> tuple[Landmark, ...]:
        """The middle of each level that has one: in plane where the network sees the spine there, which is told, not measured."""
        to_index = np.linalg.inv(flip_lps_ras(source.affine.numpy()))
        landmarks = []
        for one in ranges:
            z = middle_of_level(ranges, one.name, self.model).z
            if z is not None:
                point = (*spine_position(image, place, heights, [one]), z)
                column, row = apply_affine(to_index, point)[:2].tolist()
                landmarks.append(Landmark(name=f"{one.name}_middle", x=column, y=row, world_mm=point))
        return tuple(landmarks)

    def _findings(
        self, ranges: Sequence[LevelRange], middle: LevelMiddle, where: SliceLocation | None, warnings: tuple[str, ...]
    ) -> Findings:
        others = [r.name for r in ranges if r.name != self.level]
        measurements = [self._middle(middle, warnings), *(_other(name, middle_of_level(ranges, name, self.model)) for name in others)]
        return Findings(
            status=Status.OK if middle.z is not None else Status.FLAGGED,
            reason=middle.reason,
            measurements=tuple(measurements),
            slice=where,
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


def _other(name: str, middle: LevelMiddle) -> Measurement:
    flags = middle.flags if middle.reason is None else (middle.reason,)
    return Measurement(name=f"{name.lower()}_middle_z", value=middle.z, unit="mm", flags=flags)


def _held(volume: MetaTensor, image: MetaTensor, place: np.ndarray, heights: np.ndarray) -> slice:
    """Which heights the scan holds where the spine is: at the ends of a tilted one it holds some only elsewhere in plane.

    Raises:
        UnsuitableImageError: fewer than two.
    """
    affine = flip_lps_ras(volume.affine.numpy())
    axis, _ = axis_towards(affine, HEAD)
    x, y = _in_plane(image, place)
    index = apply_affine(np.linalg.inv(affine), np.column_stack([x, y, heights]))[:, axis]
    held = np.flatnonzero((index >= -0.5) & (index <= volume.shape[1 + axis] - 0.5))
    if len(held) < 2:
        raise UnsuitableImageError("expected a scan that holds a stretch of the spine, got one too short or too oblique")
    return slice(int(held[0]), int(held[-1]) + 1)


def spine_position(image: MetaTensor, place: np.ndarray, heights: np.ndarray, ranges: Sequence[LevelRange]) -> tuple[float, float]:
    """Place the spine in plane: x and y, LPS mm.

    Args:
        image: (C, X, Y, Z) the network's input, on its axial RAS grid.
        place: (2, slices) the spine's place in every slice, from the image's centre, in halves of its width and height.
        heights: (slices,) z of the slices, mm.
        ranges: the levels found; without any, all slices count.
    """
    inside = np.any([(heights <= r.top) & (heights >= r.bottom) for r in ranges], axis=0) if ranges else np.zeros(len(heights), dtype=bool)
    if not inside.any():
        inside[:] = True
    x, y = _in_plane(image, place[:, inside])
    return float(np.median(x)), float(np.median(y))


def _in_plane(image: MetaTensor, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places from the image's centre, in halves of its width and height, as x and y in LPS mm."""
    size, affine = np.asarray(image.shape[1:3])[:, None], image.affine.numpy()
    voxel = (place * size + size - 1) / 2
    x, y = np.diagonal(affine)[:2, None] * voxel + affine[:2, 3:]
    return -x, -y


def acquired_slice(volume: MetaTensor, point: Sequence[float], *, towards: Sequence[float] = HEAD) -> SliceLocation:
    """The slice of a volume that passes nearest to a point; planes may be tilted or sheared.

    Slices are counted along the volume's axis that points to the head, or where else they are wanted to; where the reader
    interpolated planes, among those that were acquired.

    Args:
        volume: (1, I, J, K) with a RAS affine and the reader's meta data.
        point: (3,) LPS mm.
        towards: (3,) direction that slices are counted in, LPS.
    """
    affine, shape = flip_lps_ras(volume.affine.numpy()), volume.shape[1:]
    axis, sense = axis_towards(affine, towards)
    to_index = np.linalg.inv(affine)
    slices = np.arange(shape[axis], dtype=np.float64)  # in voxels along the axis
    if axis == 2 and volume.meta.get("interpolated"):
        slices = apply_affine(to_index, volume.meta["slice_positions_lps"])[:, 2]
    index = int(np.abs(slices - apply_affine(to_index, point)[axis]).argmin())
    voxel = (np.asarray(shape, dtype=np.float64) - 1) / 2
    voxel[axis] = slices[index]
    x, y, z = apply_affine(affine, voxel).tolist()
    return SliceLocation(
        index=index if sense > 0 else len(slices) - 1 - index,
        position_mm=(x, y, z),
        sop_instance_uid=_instance(volume, slices, index) if axis == 2 else None,
    )


def _instance(volume: MetaTensor, slices: np.ndarray, index: int) -> str | None:
    """The instance of an acquired slice; the reader names them by the planes, and a plane after the slice next to it."""
    uids = volume.meta.get("sop_instance_uids", ())
    if len(uids) != volume.shape[-1]:
        return None
    plane = min(max(round(float(slices[index])), 0), len(uids) - 1)
    return uids[plane] if int(np.abs(slices - plane).argmin()) == index else None
