"""From the corners that were found on a film to findings: landmarks, the segment's angle and interval, Cobb angles."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform

from msk_monai.measure.cobb import cobb_angles
from msk_monai.measure.segment import Segment, implausible, measure_segment
from msk_monai.measure.segment_spread import SegmentSpread, segment_spread
from msk_monai.measure.vertebra_corners import CORNER_NAMES, VertebraCorners
from msk_monai.records import Findings, Landmark, Measurement, Status
from msk_monai.transforms.landmark_points import between_grids, grid_affine, original_affine

_CONFIDENT_SHARE = 0.05
"""A corner's confidence is the probability that it lies within this share of the vertebra's width, along either axis."""
_LENGTHS = ("mean", "left", "right", "minimum")


class SpineFilmd(Transform):
    """Write ``findings``, and for pictures ``vertebrae`` (in the film's own pixels) and ``cobb_ends`` (names of the end vertebrae).

    Args:
        levels: names of the answer's vertebrae from the head down.
        segment: names of the two neighbours to be measured.
        least_vertebrae: fewer are no spine.
        least_score: mean of the vertebrae's scores below which the picture is not taken for a spine.
        least_name_probability: below which the names are in doubt, and the segment is not measured.
        least_segment_score: of either vertebra of the segment, below which it is not measured.
        interval_factor: by which the network's own spread is multiplied for the intervals to hold what they say (model card).
        confidence_level: share of films in which an interval holds the true value, as measured (model card).
        pred_key: (levels, 4, 5) as :class:`msk_monai.networks.FilmLooksInferer` gives; of a vertebra with a score of 0, which was not seen,
            the corners are landmarks without confidence, and nothing rests on them.
        image_key: the film on the network's grid.
        source_key: the film as it was read.
    """

    def __init__(
        self,
        *,
        levels: Sequence[str],
        segment: tuple[str, str] = ("L4", "L5"),
        least_vertebrae: int = 4,
        least_score: float = 0.4,
        least_name_probability: float = 0.5,
        least_segment_score: float = 0.2,
        interval_factor: float | None = None,
        confidence_level: float | None = None,
        pred_key: str = "pred",
        image_key: str = "image",
        source_key: str = "source",
    ) -> None:
        self.levels, self.segment = tuple(levels), (segment[0], segment[1])
        self.least_vertebrae, self.least_score = least_vertebrae, least_score
        self.least_name_probability, self.least_segment_score = least_name_probability, least_segment_score
        self.interval_factor, self.confidence_level = interval_factor, confidence_level
        self.pred_key, self.image_key, self.source_key = pred_key, image_key, source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the findings of one film."""
        out = dict(data)
        pred = np.asarray(out[self.pred_key], dtype=np.float64)
        out["vertebrae"], out["cobb_ends"] = (), None
        found = np.asarray(np.isfinite(pred).all(axis=(1, 2)))
        seen = found & (pred[:, 0, 3] > 0)
        if np.count_nonzero(seen) < self.least_vertebrae or pred[seen, 0, 3].mean() < self.least_score:
            out["findings"] = Findings(status=Status.FLAGGED, reason="no spine was found in this picture")
            return out
        film = out[self.source_key]
        placed = placed_vertebrae(pred, found, self.levels, out[self.image_key])
        vertebrae = {name: placed[name] for name, there in zip(self.levels, seen, strict=True) if there}
        out["vertebrae"] = tuple(vertebrae.values())
        findings, out["cobb_ends"] = self._findings(vertebrae, pred, film)
        inside = {name: one for name, one in placed.items() if name in vertebrae or _centre_inside(one, film)}
        out["findings"] = replace(findings, landmarks=_landmarks(inside))
        return out

    def _findings(
        self, vertebrae: Mapping[str, VertebraCorners], pred: np.ndarray, film: MetaTensor
    ) -> tuple[Findings, tuple[str, str] | None]:
        spacing, unit = _spacing(film)
        warnings = tuple(film.meta.get("warnings", ()))
        square = {name: vertebra.scaled(spacing) for name, vertebra in vertebrae.items()}
        cobb, ends = _cobb(square, self.levels)
        reason, segment = self._segment(square, pred)
        measured = [] if segment is None else self._lengths_and_angle(segment, square, pred, film, unit, warnings)
        if segment is None:
            measured = [Measurement(name=f"{self._name}_angle", value=None, unit="deg", flags=(reason or "",))]
        status = Status.OK if reason is None else Status.FLAGGED
        return Findings(status=status, reason=reason, measurements=(*measured, *cobb)), ends

    @property
    def _name(self) -> str:
        return "_".join(self.segment).lower()

    def _segment(self, square: Mapping[str, VertebraCorners], pred: np.ndarray) -> tuple[str | None, Segment | None]:
        """The segment, or why it is not measured."""
        missing = [name for name in self.segment if name not in square]
        if missing:
            return f"{' and '.join(missing)} {'were' if len(missing) > 1 else 'was'} not seen in this film", None
        rows = [self.levels.index(name) for name in self.segment]
        probability = float(pred[rows[0], 0, 4])
        if probability < self.least_name_probability:
            return f"the names of the vertebrae are in doubt (probability {probability:.2f})", None
        for name, row in zip(self.segment, rows, strict=True):
            if pred[row, 0, 3] < self.least_segment_score:
                return f"{name} is hardly visible", None
        segment = measure_segment(square[self.segment[0]], square[self.segment[1]])
        fault = implausible(segment)
        return (f"not credible: {fault}", None) if fault else (None, segment)

    def _lengths_and_angle(
        self,
        segment: Segment,
        square: Mapping[str, VertebraCorners],
        pred: np.ndarray,
        film: MetaTensor,
        unit: str,
        warnings: tuple[str, ...],
    ) -> list[Measurement]:
        scales = np.array([pred[self.levels.index(name), :, 2] / _width(pred[self.levels.index(name)]) for name in self.segment])
        upper, lower = (square[name] for name in self.segment)
        spread = segment_spread(upper, lower, scales * np.array([[upper.width], [lower.width]]))
        probability = f"probability of the names {pred[self.levels.index(self.segment[0]), 0, 4]:.2f}"
        sides = _sides(film)
        angle = self._with_interval(f"{self._name}_angle", segment.angle, "deg", spread.angle, (probability,), floor=0.0)
        opens = Measurement(
            name=f"{self._name}_signed_angle", value=segment.signed_angle, unit="deg", flags=(f"positive: opens to the {sides[1]}",)
        )
        lengths = [
            self._with_interval(
                f"{self._name}_interval_{which}",
                getattr(segment, f"interval_{which}"),
                unit,
                _spread_of(spread, which),
                ((f"on the {sides[which == 'right']}",) if which in ("left", "right") else ()) + warnings,
            )
            for which in _LENGTHS
        ]
        share = self._with_interval(
            f"{self._name}_interval_share",
            segment.interval_share,
            "1",
            spread.interval_mean / segment.upper_height,
            (f"of the height of {segment.upper}",),
        )
        return [angle, opens, *lengths, share]

    def _with_interval(
        self, name: str, value: float, unit: str, spread: float, flags: tuple[str, ...], *, floor: float = -np.inf
    ) -> Measurement:
        half = None if self.interval_factor is None else self.interval_factor * spread
        return Measurement(
            name=name,
            value=value,
            unit=unit,
            lower=None if half is None else max(value - half, floor),
            upper=None if half is None else value + half,
            confidence_level=None if half is None else self.confidence_level,
            flags=flags,
            method="lines through the corners of the facing endplates",
        )


def placed_vertebrae(pred: np.ndarray, found: np.ndarray, levels: Sequence[str], image: MetaTensor) -> dict[str, VertebraCorners]:
    """Vertebrae in the film's own pixels, by name, each corner with its confidence.

    Args:
        pred: (levels, 4, 5) as :class:`msk_monai.networks.FilmLooksInferer` gives, in pixels of ``image``.
        found: (levels,) which of them to take.
        levels: their names.
        image: the film on the network's grid.
    """
    stored, grid = original_affine(image), grid_affine(image)
    vertebrae = {}
    for level in np.flatnonzero(found):
        seen = VertebraCorners(levels[int(level)], pred[level, :, :2], np.zeros(4))
        confidence = 1 - np.exp(-_CONFIDENT_SHARE * seen.width / pred[level, :, 2])
        corners = between_grids(seen.corners, grid, stored)
        vertebrae[seen.name] = VertebraCorners(seen.name, corners, confidence * pred[level, :, 3])
    return vertebrae


def _centre_inside(vertebra: VertebraCorners, film: MetaTensor) -> bool:
    centre = vertebra.corners.mean(axis=0)
    return bool((centre >= 0).all() and (centre <= np.array(film.shape[1:]) - 1).all())


def _landmarks(vertebrae: Mapping[str, VertebraCorners]) -> tuple[Landmark, ...]:
    return tuple(
        Landmark(name=f"{name}_{corner}", x=float(x), y=float(y), confidence=float(sure))
        for name, vertebra in vertebrae.items()
        for corner, (x, y), sure in zip(CORNER_NAMES, vertebra.corners, vertebra.confidence, strict=True)
    )


def _spread_of(spread: SegmentSpread, which: str) -> float:
    return spread.interval_mean if which == "mean" else spread.interval_end


def _width(answer: np.ndarray) -> float:
    return VertebraCorners("", answer[:, :2], np.zeros(4)).width


def _spacing(film: MetaTensor) -> tuple[tuple[float, float], str]:
    """Between columns and between rows: mm, or square pixels where there are no mm."""
    given = film.meta.get("spacing_mm")
    if given is not None:
        return (float(given[0]), float(given[1])), "mm"
    return (1.0, float(film.meta.get("pixel_aspect_ratio", 1.0))), "{pixels}"


def _sides(film: MetaTensor) -> tuple[str, str]:
    """What lies at the image's left and right: the patient's sides where Patient Orientation (DICOM PS3.3 C.7.6.1.1.1) tells."""
    along_row = (tuple(film.meta.get("patient_orientation", ())) or ("",))[0]
    if along_row.startswith("L"):
        return "image's left (patient's right)", "image's right (patient's left)"
    if along_row.startswith("R"):
        return "image's left (patient's left)", "image's right (patient's right)"
    return "image's left", "image's right"


def _cobb(square: Mapping[str, VertebraCorners], levels: Sequence[str]) -> tuple[list[Measurement], tuple[str, str] | None]:
    """Cobb angles of the vertebrae seen; a flag says so where these are not all of them."""
    names = [name for name in levels if name in square]
    if len(names) < 2:
        return [], None
    angles = cobb_angles(np.array([square[name].corners for name in names]))
    flags = () if len(names) == len(levels) else (f"{len(names)} of {len(levels)} vertebrae were seen",)
    method = "largest angle between mid-lines (AASCE)"
    measurements = [
        Measurement(name=f"cobb_{name}", value=getattr(angles, name), unit="deg", flags=flags, method=method)
        for name in ("main", "proximal", "distal")
    ]
    return measurements, (names[angles.upper], names[angles.lower])
