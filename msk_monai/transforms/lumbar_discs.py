"""From a network's classes on sagittal slices to named discs and their sizes, on the slice's own pixels."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Transform
from scipy import ndimage

from msk_monai.anatomy.discs import level_key
from msk_monai.measure.disc_row import CANAL, LEAST_DISCS, VERTEBRA, FoundDisc, disc_row
from msk_monai.measure.discs import Disc, bulge, canal_width, measure_disc, nucleus
from msk_monai.measure.mask_corners import corners_of_mask
from msk_monai.records import Findings, Measurement, Status
from msk_monai.transforms.label_map import label_map

_BEYOND = (0.15, 0.35, 0.6)
"""Depths of a disc above and below it where its vertebrae are looked for."""
_FARTHEST, _DEEPEST = 0.3, 0.12
"""No disc ends so many of its depths beyond the line of its vertebrae's corners, or before it."""
_SHALLOW = 0.7
"""Of the usual depth."""
_RIM = 2
"""Pixels of the image's border."""
_BRIGHTEST = 90.0
"""Percentile of the canal's signal that stands for cerebrospinal fluid: nerve roots lie in it."""
_NAMED = "discs are counted from the lowest, taken to be L5-S1"


class LumbarDiscsd(Transform):
    """Write ``segmentation``, ``discs``, ``source`` and ``findings``.

    Of several slices, the one that shows most of the canal is measured; it takes the place of ``source``. ``segmentation`` is its label
    map, uint8 (rows, columns); ``discs`` the names and centres [x, y] of the discs found, from the lowest up.

    Measurements of each disc, ``l4_l5_…``: ``disc_height_anterior``, ``disc_height_middle``, ``disc_height_posterior``,
    ``disc_height_index`` (mean height over depth), ``disc_area``, ``disc_bulge`` (beyond the line of the vertebrae's posterior corners),
    ``canal_width`` (anteroposterior, at the disc), ``nucleus_signal_ratio`` (mean signal of the disc's core over cerebrospinal fluid's).
    Lengths are in mm where the spacing is known, else in pixels (rows, where these are not square).

    Args:
        pred_key: (N, C, X, Y) logits on the grid of ``image_key``: background, vertebra, disc, canal.
        image_key: the slices on the network's grid.
        slices_key: the slices as films (1, columns, rows).
    """

    def __init__(self, *, pred_key: str = "pred", image_key: str = "image", slices_key: str = "slices") -> None:
        self.pred_key, self.image_key, self.slices_key = pred_key, image_key, slices_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Measure the discs of one case."""
        out = dict(data)
        probabilities = torch.as_tensor(out[self.pred_key]).as_subclass(torch.Tensor).float().softmax(dim=1)
        films: Sequence[MetaTensor] = out[self.slices_key]
        chosen = int(probabilities[:, CANAL].sum(dim=(1, 2)).argmax())
        film = films[chosen]
        segmentation = label_map(probabilities[chosen], _grid_of(out[self.image_key], films, chosen), film)
        found = disc_row(segmentation.T)
        out["source"], out["segmentation"] = film, segmentation if found else None
        out["discs"] = tuple((disc.name, np.argwhere(disc.mask).mean(axis=0)) for disc in found)
        out["findings"] = self._findings(segmentation, found, film)
        return out

    def _findings(self, segmentation: np.ndarray, found: Sequence[FoundDisc], film: MetaTensor) -> Findings:
        if not found:
            return Findings(status=Status.FLAGGED, reason="no lumbar discs were found in this image")
        spacing, unit = _scale(film)
        signal = np.asarray(film.as_tensor())[0]
        warnings = tuple(film.meta.get("warnings", ()))
        discs = [measure_disc(one.mask, one.posterior, spacing=spacing) for one in found]
        usual = float(np.median([disc.depth for disc in discs]))
        measurements = []
        for one, disc in zip(found, discs, strict=True):
            doubts = _doubts(one, disc, usual)
            measurements += _measured(one, disc, segmentation.T, signal, spacing, unit, (*warnings, *doubts))
        few = len(found) < LEAST_DISCS
        return Findings(
            status=Status.FLAGGED if few else Status.OK,
            reason=f"only {len(found)} discs were found: their names may be wrong" if few else None,
            measurements=tuple(measurements),
            slice=film.meta.get("location"),
        )


def _grid_of(image: MetaTensor, films: Sequence[MetaTensor], chosen: int) -> MetaTensor:
    """The network's grid with the affine that belongs to a slice: the stack has that of its first."""
    affine = image.affine.clone()
    affine[:3, 3] += films[chosen].affine[:3, 3] - films[0].affine[:3, 3]
    return MetaTensor(image.as_tensor()[:1], affine=affine)


def _scale(film: MetaTensor) -> tuple[np.ndarray, str]:
    """Spacing (2,) along x and y, and its unit: pixels are as high as rows are apart."""
    spacing = film.meta.get("spacing_mm")
    if spacing is None:
        return np.array([1 / float(film.meta.get("pixel_aspect_ratio", 1.0)), 1.0]), "{pixels}"
    return np.asarray(spacing, dtype=np.float64)[:2], "mm"


def _doubts(found: FoundDisc, disc: Disc, usual: float) -> list[str]:
    """Why a disc may be seen in part only.

    Args:
        found: the disc.
        disc: its sizes.
        usual: depth of the discs of this image.
    """
    doubts = []
    if disc.depth < _SHALLOW * usual:
        doubts.append("much shallower than the other discs: perhaps seen in part only")
    inner = found.mask[_RIM:-_RIM, _RIM:-_RIM]
    if inner.sum() < found.mask.sum():
        doubts.append("cut by the image's border")
    return doubts


def _measured(
    found: FoundDisc, disc: Disc, labels: np.ndarray, signal: np.ndarray, spacing: np.ndarray, unit: str, flags: tuple[str, ...]
) -> list[Measurement]:
    canal = labels == CANAL
    beyond, why = _bulge(found, disc, labels == VERTEBRA, spacing)
    width = canal_width(canal, disc, spacing=spacing)
    ratio = _signal_ratio(found, disc, canal, signal, spacing)
    name = level_key(found.name)
    area = "mm2" if unit == "mm" else "{pixels}2"
    rows: list[tuple[str, float | None, str, tuple[str, ...]]] = [
        *((f"disc_height_{part}", height, unit, ()) for part, height in disc.heights.items()),
        ("disc_height_index", disc.height_index, "1", ()),
        ("disc_area", disc.area, area, ()),
        ("disc_bulge", beyond, unit, () if why is None else (why,)),
        ("canal_width", width, unit, () if width is not None else ("the canal is not seen at this disc",)),
        ("nucleus_signal_ratio", ratio, "1", () if ratio is not None else ("the canal is not seen at this disc",)),
    ]
    return [
        Measurement(name=f"{name}_{what}", value=value, unit=one, flags=(*flags, *more), method=_NAMED) for what, value, one, more in rows
    ]


def _bulge(found: FoundDisc, disc: Disc, vertebrae: np.ndarray, spacing: np.ndarray) -> tuple[float | None, str | None]:
    above, below = (_corners(found, disc, vertebrae, spacing, sense) for sense in (-1, 1))
    if above is None or below is None:
        return None, f"the vertebra {'above' if above is None else 'below'} is not seen whole"
    back = 1 if disc.axis[0] > 0 else 0
    beyond = bulge(found.mask, disc, above[2 + back], below[back], spacing=spacing)
    if not -_DEEPEST * disc.depth < beyond < _FARTHEST * disc.depth:
        return None, "the posterior corners of its vertebrae are not seen clearly"
    return beyond, None


def _corners(found: FoundDisc, disc: Disc, vertebrae: np.ndarray, spacing: np.ndarray, sense: int) -> np.ndarray | None:
    """Four corners [x, y] of the vertebra above (-1) or below (1) a disc; ``None`` where its mask has none."""
    down = np.array([-disc.axis[1], disc.axis[0]]) * (1 if disc.axis[0] > 0 else -1)
    parts, _ = ndimage.label(vertebrae)
    for share in _BEYOND:
        x, y = np.rint(disc.centre + sense * (disc.mean_height / 2 + share * disc.depth) * down / spacing).astype(int)
        if 0 <= x < parts.shape[0] and 0 <= y < parts.shape[1] and parts[x, y]:
            try:
                return corners_of_mask((parts == parts[x, y]).T, axis=down / spacing)
            except ValueError:
                return None
    return None


def _signal_ratio(found: FoundDisc, disc: Disc, canal: np.ndarray, signal: np.ndarray, spacing: np.ndarray) -> float | None:
    core = nucleus(found.mask, disc, spacing=spacing)
    offsets = (np.argwhere(canal) - disc.centre) * spacing
    near = np.argwhere(canal)[np.linalg.norm(offsets, axis=1) < 1.5 * disc.depth]
    if not core.any() or len(near) < 5:
        return None
    fluid = float(np.percentile(signal[tuple(near.T)], _BRIGHTEST))
    return float(signal[core].mean()) / fluid if fluid > 0 else None
