"""Axial slices of any size, spacing and direction as views of one field of view in mm."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import RandomizableTransform, Transform

from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry import flip_lps_ras, spacing_of
from msk_monai.geometry.patches import share_matrix, view_matrix
from msk_monai.measure.axial_disc import canal_front
from msk_monai.measure.patient_data import patient_vector
from msk_monai.sampling import scaled, stretched, view


def axial_slices(blocks: Sequence[MetaTensor]) -> list[MetaTensor]:
    """Turn blocks (1, I, J, K) into their K slices (1, X, Y), in the order they are stored: x runs to the patient's left, y to the back.

    Each slice keeps its own affine (RAS), ``spacing_mm`` (x, y), ``sop_instance_uid``, ``warnings`` and the patient's age and sex.

    Raises:
        UnsuitableImageError: a block has no place in the patient.
    """
    found = []
    for block in blocks:
        if block.ndim != 4 or block.meta.get("spacing_mm") is None:
            raise UnsuitableImageError("expected slices with a place in the patient and a pixel spacing, got an image without")
        turned, to_lps = _turned(block)
        uids = tuple(block.meta.get("sop_instance_uids", ()))
        for index in range(turned.shape[-1]):
            affine = torch.as_tensor(flip_lps_ras(to_lps))
            affine[:3, 3] += index * affine[:3, 2]
            x, y, _ = spacing_of(affine.numpy()).tolist()
            meta = {
                "affine": affine,
                "original_affine": affine.numpy(),
                "spacing_mm": (x, y),
                "pixel_aspect_ratio": y / x,
                "sop_instance_uid": uids[index] if len(uids) == turned.shape[-1] else "",
                "warnings": tuple(block.meta.get("warnings", ())),
                "patient_age_years": block.meta.get("patient_age_years", float("nan")),
                "patient_sex": block.meta.get("patient_sex", ""),
            }
            found.append(MetaTensor(turned[..., index].clone(), meta=meta))
    return found


def _turned(block: MetaTensor) -> tuple[torch.Tensor, np.ndarray]:
    """A block with columns to the left and rows to the back, and its affine into LPS; its slices stay slices, however steep they are."""
    affine, values = flip_lps_ras(block.affine.numpy()), block.as_tensor()
    left = int(np.abs(affine[0, :2] / spacing_of(affine)[:2]).argmax())
    values, affine = values.permute(0, 1 + left, 2 - left, 3), affine[:, [left, 1 - left, 2, 3]]
    for axis in (0, 1):
        if affine[axis, axis] < 0:
            values = values.flip(1 + axis)
            affine[:, 3] += (values.shape[1 + axis] - 1) * affine[:, axis]
            affine[:, axis] *= -1
    return values, affine


class AxialBlocksd(Transform):
    """Read an axial series, which may consist of several angled blocks, into ``slices`` (see :func:`axial_slices`).

    Args:
        reader: gives the blocks of the files under ``source_key``, as ``msk_monai.dicom.block_reader.BlockReader`` does.
        source_key: paths.
        slices_key: where the slices go.
    """

    def __init__(self, *, reader: Any, source_key: str = "source", slices_key: str = "slices") -> None:
        self.reader, self.source_key, self.slices_key = reader, source_key, slices_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Read the slices of one case."""
        out = dict(data)
        out[self.slices_key] = axial_slices(self.reader(out[self.source_key]))
        return out


class RandAxialViewd(RandomizableTransform):
    """Write ``image``, a view (1, size, size) of a slice, and ``label``, the mask's classes there.

    Args:
        size: pixels of the view's side.
        view_spacing: mm between them.
        centre: of the view: ``image``, the slice's own middle, or ``canal``, the canal's front by the mask (:func:`canal_front`).
        shift_mm: sd of the jitter of its place.
        turn_deg: sd of the jitter of its direction.
        zoom: sd of the logarithm of its size.
        mirror_probability: how often left and right are exchanged.
        image_key: the slice (1, X, Y) or (1, X, Y, 1).
        mask_key: its mask, 0 to 3, of the same pixels; where an item has none, the slice's own middle is that of the view.
        label_key: where the mask's classes go.
    """

    def __init__(
        self,
        *,
        size: int,
        view_spacing: float,
        centre: str = "image",
        shift_mm: float = 8.0,
        turn_deg: float = 6.0,
        zoom: float = 0.08,
        mirror_probability: float = 0.5,
        image_key: str = "image",
        mask_key: str = "mask",
        label_key: str = "label",
    ) -> None:
        super().__init__()
        if centre not in ("image", "canal"):
            raise ValueError(f"centre must be image or canal, got {centre!r}")
        self.size, self.view_spacing, self.centre = size, view_spacing, centre
        self.shift_mm, self.turn_deg, self.zoom, self.mirror_probability = shift_mm, turn_deg, zoom, mirror_probability
        self.image_key, self.mask_key, self.label_key = image_key, mask_key, label_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Draw a view of one slice."""
        out = dict(data)
        film = _flat(out[self.image_key])
        mask = _flat(out[self.mask_key]) if self.mask_key in out else torch.zeros_like(film)
        spacing = spacing_of(out[self.image_key].affine.numpy())[:2]
        middle = (np.array(film.shape[1:]) - 1) / 2
        if self.centre == "canal":
            front = canal_front(np.stack([mask.numpy()[0] == label for label in (1, 2, 3)]).astype(np.float64))
            middle = middle if front is None else front
        draws = self.R.standard_normal(4)
        matrix = view_matrix(
            spacing,
            middle + self.shift_mm * draws[:2] / spacing,
            size=self.size,
            view_spacing=self.view_spacing * float(np.exp(self.zoom * draws[2])),
            turn=float(np.radians(self.turn_deg) * draws[3]),
            mirrored=bool(self.R.random() < self.mirror_probability),
        )
        out[self.image_key] = view(scaled(film), matrix, self.size)
        parts = torch.cat([view((mask == label).float(), matrix, self.size) for label in (1, 2, 3)])
        rest = (1 - parts.sum(dim=0, keepdim=True)).clamp(0, 1)
        out[self.label_key] = torch.cat([rest, parts]).argmax(dim=0, keepdim=True).float()
        return out


def _flat(image: MetaTensor) -> torch.Tensor:
    values = image.as_subclass(torch.Tensor)
    return values[..., 0] if values.ndim == 4 else values


class RandCanalWidthd(RandomizableTransform):
    """Change an item's ``canal_width_mm``, where it is known, as measuring it on an image does.

    Args:
        sd_mm: standard deviation of the error.
        least_mm: no canal becomes narrower.
    """

    def __init__(self, *, sd_mm: float = 0.5, least_mm: float = 1.0) -> None:
        super().__init__(prob=1.0)
        self.sd_mm, self.least_mm = sd_mm, least_mm

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Change one item's."""
        error = float(self.R.normal(0, self.sd_mm))
        width = data.get("canal_width_mm")
        return dict(data) if width is None else {**data, "canal_width_mm": max(float(width) + error, self.least_mm)}


class PatientVectord(Transform):
    """Write ``patient``, float32 (12,), from an item's ``age``, ``sex``, ``canal_width_mm`` and ``level``; any may be missing or null.

    See :mod:`msk_monai.measure.patient_data`.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Gather what is known of one item."""
        out = dict(data)
        vector = patient_vector(age=out.get("age"), sex=out.get("sex"), canal_width=out.get("canal_width_mm"), level=out.get("level"))
        out["patient"] = torch.tensor(vector)
        return out


class CropShared(Transform):
    """Write ``image``, a slice without a share of each side, resized to a square and scaled by its own minimum and maximum.

    So the reference system crops: what it shows depends on the field of view.

    Args:
        size: pixels of the result's side.
        cropped: share cut off at each side.
        image_key: the slice (1, X, Y) or (1, X, Y, 1).
    """

    def __init__(self, *, size: int, cropped: float, image_key: str = "image") -> None:
        self.size, self.cropped, self.image_key = size, cropped, image_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Crop one slice."""
        out = dict(data)
        film = _flat(out[self.image_key])
        matrix = share_matrix(film.shape[1], film.shape[2], size=self.size, cropped=self.cropped)
        out[self.image_key] = stretched(view(film, matrix, self.size))
        return out
