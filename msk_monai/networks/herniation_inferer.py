"""From a study's sagittal and axial slices to the level, the disc's sizes and the logit of a herniation in each axial slice."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.visualize import OcclusionSensitivity
from numpy.typing import NDArray

from msk_monai.anatomy.discs import LEVELS
from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry import flip_lps_ras, spacing_of
from msk_monai.geometry.affines import plane_of
from msk_monai.geometry.patches import share_matrix, view_matrix
from msk_monai.measure.axial_disc import AxialDisc, canal_front, measure_axial_disc
from msk_monai.measure.disc_levels import Crossing, PlacedDisc, crossing, place_disc
from msk_monai.measure.disc_row import CANAL, LEAST_DISCS, disc_row
from msk_monai.measure.discs import measure_disc
from msk_monai.measure.patient_data import patient_vector
from msk_monai.networks.case_inferer import CaseInferer
from msk_monai.sampling import scaled, stretched, view

Array = NDArray[np.float64]
_OCCLUDED = 24
"""Pixels of the square that is covered to see what it is worth."""


@dataclass(frozen=True, eq=False)
class SeenSlice:
    """What is seen in one axial slice.

    Attributes:
        film: the slice (1, X, Y).
        crossing: the disc it crosses; ``None`` where levels are not known.
        sizes: of the disc; ``None`` where no disc was seen, or none was looked for.
        certainty: mean probability of the nucleus where it is the likeliest; ``None`` where it is so nowhere.
        logit: of a herniation; ``None`` where no disc was looked for.
        close: (S, S) the view that the logit is of, 0 to 1.
        parts: (S, S) there: 0 other, 1 annulus, 2 nucleus, 3 canal.
        saliency: (S, S) there: how far the logit falls where a square is covered.
    """

    film: MetaTensor
    crossing: Crossing | None
    sizes: AxialDisc | None = None
    certainty: float | None = None
    logit: float | None = None
    close: Array | None = None
    parts: NDArray[np.uint8] | None = None
    saliency: Array | None = None


@dataclass(frozen=True, eq=False)
class SeenStudy:
    """Slices in the order they were read, the discs that the sagittal slices show, and what makes the levels doubtful, or unknown."""

    slices: tuple[SeenSlice, ...]
    discs: tuple[PlacedDisc, ...] = field(default=())
    doubt: str | None = None


class HerniationInferer(CaseInferer):
    """Runs :class:`msk_monai.networks.LumbarHerniation` on one study; the answer is a :class:`SeenStudy`.

    It takes ``slices``, axial slices (1, X, Y) with x to the left and y to the back; where there is a sagittal series, ``sagittal_image``
    (N, X, Y), the sagittal slices on the network's grid, and ``sagittal_slices``, the same as films with their affines; and ``known``, an
    object with ``level``, ``age``, ``sex`` and ``canal_width_mm``, any of which wins over what the images and their header say.

    Args:
        wide: pixels of the view's side in which disc and canal are looked for, and mm between them.
        close: the same of the view that is graded; or, as ``{"size": 300, "cropped": 0.2}``, the slice without so much at each side, each
            resized, as the reference system has it.
        per_level: so many slices of a disc are graded, those nearest to its middle.
        patient_data: whether what is known of the patient is used.
        saliency_above: logit above which a slice is explained.
    """

    def __init__(
        self,
        *,
        wide: tuple[int, float] = (224, 0.7),
        close: tuple[int, float] | Mapping[str, float] = (144, 0.6),
        per_level: int = 3,
        patient_data: bool = True,
        saliency_above: float = 0.0,
    ) -> None:
        self.wide, self.close, self.per_level = tuple(wide), close, per_level
        self.patient_data, self.saliency_above = patient_data, saliency_above

    def __call__(self, data: Mapping[str, Any], network: Any, *, device: torch.device | str) -> SeenStudy:
        """Look at one study."""
        films: Sequence[MetaTensor] = data["slices"]
        known: Mapping[str, Any] = data.get("known") or {}
        level = known.get("level")
        if level and len(films) > self.per_level:
            raise UnsuitableImageError(f"expected at most {self.per_level} slices of the one level that is given, got {len(films)}")
        discs = () if level else self._discs(data, network, device)
        places = [_crossing(film, discs, level) for film in films]
        chosen = _chosen([None if _blank(film) else place for film, place in zip(films, places, strict=True)], self.per_level)
        looked = dict(zip(chosen, self._look([films[place] for place in chosen], network, device), strict=True))
        sizes = {place: _sizes(masks[1:].double().numpy(), float(self.wide[1])) for place, masks in looked.items()}
        widths = _widths(places, sizes)
        seen = {
            place: self._graded(films[place], places[place], masks, sizes[place], {**widths[place], **known}, network, device)
            for place, masks in looked.items()
        }
        slices = tuple(seen.get(place, SeenSlice(film, places[place])) for place, film in enumerate(films))
        return SeenStudy(slices, tuple(discs), None if level else _doubt(data, discs))

    def _discs(self, data: Mapping[str, Any], network: Any, device: torch.device | str) -> list[PlacedDisc]:
        """The discs of the sagittal slice that shows most of the canal."""
        if "sagittal_image" not in data:
            return []
        image, films = data["sagittal_image"], data["sagittal_slices"]
        logits = network.levels(image.as_subclass(torch.Tensor)[:, None].to(device)).float().cpu()
        shown = int(logits.softmax(dim=1)[:, CANAL].sum(dim=(1, 2)).argmax())
        affine = image.affine.clone()
        affine[:3, 3] += films[shown].affine[:3, 3] - films[0].affine[:3, 3]
        spacing = spacing_of(affine.numpy())[:2]
        found = disc_row(logits[shown].argmax(dim=0).numpy())
        return [
            place_disc(disc.name, measure_disc(disc.mask, disc.posterior, spacing=spacing), flip_lps_ras(affine.numpy())) for disc in found
        ]

    def _look(self, films: Sequence[MetaTensor], network: Any, device: torch.device | str) -> list[torch.Tensor]:
        """Probabilities (4, size, size) of background, annulus, nucleus and canal in the wide view of each slice."""
        if not films:
            return []
        size, spacing = int(self.wide[0]), float(self.wide[1])
        views = torch.stack([view(scaled(film), self._wide_matrix(film, size, spacing), size) for film in films])
        return list(network.parts(views.to(device, memory_format=torch.channels_last)).float().softmax(dim=1).cpu())

    @staticmethod
    def _wide_matrix(film: MetaTensor, size: int, spacing: float) -> Array:
        return view_matrix(film.meta["spacing_mm"], (np.array(film.shape[1:]) - 1) / 2, size=size, view_spacing=spacing)

    def _graded(
        self,
        film: MetaTensor,
        place: Crossing | None,
        masks: torch.Tensor,
        sizes: AxialDisc | None,
        known: Mapping[str, Any],
        network: Any,
        device: torch.device | str,
    ) -> SeenSlice:
        size, spacing = int(self.wide[0]), float(self.wide[1])
        shares = masks[1:].double().numpy()
        wide = self._wide_matrix(film, size, spacing)
        matrix, side = self._close_matrix(film, shares, wide)
        close = stretched(view(film, matrix, side)) if isinstance(self.close, Mapping) else view(scaled(film), matrix, side)
        patient = self._patient(film, place, known)
        logit, saliency = self._grade(close[None].to(device), patient[None].to(device), network)
        to_wide = _composed(wide, matrix)
        parts = torch.cat([view(one[None], to_wide, side) for one in masks])
        parts[0] += 1 - parts.sum(dim=0)  # beyond the wide view
        return SeenSlice(
            film,
            place,
            sizes,
            certainty=_certainty(shares[1]),
            logit=logit,
            close=close[0].double().numpy(),
            parts=parts.argmax(dim=0).to(torch.uint8).numpy(),
            saliency=saliency,
        )

    def _close_matrix(self, film: MetaTensor, shares: Array, wide: Array) -> tuple[Array, int]:
        if isinstance(self.close, Mapping):
            side = int(self.close["size"])
            return share_matrix(film.shape[1], film.shape[2], size=side, cropped=self.close["cropped"]), side
        front = canal_front(np.where(shares > 0.5, shares, 0.0))  # else what is hardly probable anywhere outweighs the disc
        middle = np.full(2, (shares.shape[1] - 1) / 2) if front is None else front
        side, spacing = int(self.close[0]), float(self.close[1])
        return view_matrix(film.meta["spacing_mm"], wide[:, :2] @ middle + wide[:, 2], size=side, view_spacing=spacing), side

    def _patient(self, film: MetaTensor, place: Crossing | None, known: Mapping[str, Any]) -> torch.Tensor:
        if not self.patient_data:
            return torch.tensor(patient_vector())
        age = known.get("age", film.meta.get("patient_age_years", float("nan")))
        vector = patient_vector(
            age=None if age is None or not np.isfinite(age) else float(age),
            sex=known.get("sex") or film.meta.get("patient_sex"),
            canal_width=known.get("canal_width_mm"),
            level=place.level if place else None,
        )
        return torch.tensor(vector)

    def _grade(self, close: torch.Tensor, patient: torch.Tensor, network: Any) -> tuple[float, Array | None]:
        logit = float(network.grade(close, patient))
        if logit <= self.saliency_above or close.shape[-1] < 2 * _OCCLUDED:
            return logit, None
        explain = OcclusionSensitivity(
            _WithPatient(network.grade, patient).eval(), mask_size=_OCCLUDED, n_batch=32, overlap=0.5, verbose=False, activate=False
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using a non-tuple sequence", UserWarning)  # MONAI does
            kept, _ = explain(close)
        return logit, logit - kept[0, 0].double().cpu().numpy()


class _WithPatient(torch.nn.Module):
    """A grading network of one input: the patient stays. MONAI puts it back into the mode it came in, with the network inside."""

    def __init__(self, grade: torch.nn.Module, patient: torch.Tensor) -> None:
        super().__init__()
        self.grade, self.known = grade, patient

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.grade(image, self.known.expand(len(image), -1)))


def _doubt(data: Mapping[str, Any], discs: Sequence[PlacedDisc]) -> str | None:
    """What is wrong with the levels."""
    if "sagittal_image" not in data:
        fault = data.get("beside_fault")
        return f"the sagittal T2 series cannot be read: {fault}" if fault else "the study has no sagittal T2 series, and no level was given"
    if len(discs) < LEAST_DISCS:
        return f"the sagittal T2 series shows only {len(discs)} discs" if discs else "no disc was found on the sagittal T2 series"
    return None


def _crossing(film: MetaTensor, discs: Sequence[PlacedDisc], level: str | None) -> Crossing | None:
    if level:
        return Crossing(level, level, 0.0, 0.0, None)
    if not discs:
        return None
    middle, across = plane_of(flip_lps_ras(film.affine.numpy()), film.shape[1], film.shape[2])
    return crossing(middle, across, discs)


def _chosen(places: Sequence[Crossing | None], most: int) -> list[int]:
    """Of each disc the slices nearest to its middle."""
    by_level: dict[str, list[tuple[float, int]]] = {}
    for index, place in enumerate(places):
        if place is not None and place.level in LEVELS:
            by_level.setdefault(str(place.level), []).append((abs(place.offset), index))
    return sorted(index for members in by_level.values() for _, index in sorted(members)[:most])


def _sizes(shares: Array, spacing: float) -> AxialDisc | None:
    try:
        return measure_axial_disc(*shares, spacing=(spacing, spacing))
    except ValueError:
        return None


def _widths(places: Sequence[Crossing | None], sizes: Mapping[int, AxialDisc | None]) -> dict[int, dict[str, float]]:
    """The canal's width at the disc of each slice, as the slice nearest to the disc's middle shows it; empty where none does."""
    nearest: dict[str | None, tuple[float, float]] = {}
    for place, found in sizes.items():
        where = places[place]
        if where is not None and found is not None and found.canal_width is not None:
            here = (abs(where.offset), found.canal_width)
            nearest[where.level] = min(nearest.get(where.level, here), here)
    levels = {place: where.level if (where := places[place]) is not None else None for place in sizes}
    return {place: {"canal_width_mm": nearest[level][1]} if level in nearest else {} for place, level in levels.items()}


def _blank(film: MetaTensor) -> bool:
    return bool(film.min() == film.max())


def _certainty(nucleus: Array) -> float | None:
    likely = nucleus > 0.5
    return float(nucleus[likely].mean()) if likely.any() else None


def _composed(outer: Array, inner: Array) -> Array:
    """Matrix (2, 3) from the pixels that ``inner`` leads from to those that ``outer`` leads from."""
    inverse = np.linalg.inv(outer[:, :2])
    return np.column_stack([inverse @ inner[:, :2], inverse @ (inner[:, 2] - outer[:, 2])])
