"""From the points that were found on a film of one or two knees to findings: sides, landmarks, lengths and angles."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.measure.knee import NEEDED, Knee, implausible, measure_knee
from msk_monai.measure.marks import MarkedLine, MarkedObject
from msk_monai.records import Findings, Landmark, Measurement, Status
from msk_monai.transforms.landmarks_found import landmarks_of, marked_objects

SIDES = {"R": "right", "L": "left"}
_OTHER = {"R": "L", "L": "R"}
_CERTAIN = 0.45
"""Mean confidence of a knee: 0.80 and more on real films of knees, 0.53 and more on phantoms, 0.31 and less on a skull and a hip."""
_VISIBLE = 0.15
"""A point of less confidence is named in the flags of what is measured from it."""
_UNITS = {"mm": "mm", "{pixels}": "px"}


class KneeFilmd(Transform):
    """Write ``findings``, and for pictures ``objects`` and ``lines``.

    The names of what belongs to a knee begin with its side (``right_``, ``left_``) where the film shows both, and bear none where it
    shows one. Sides come from the header (Laterality, Image Laterality; DICOM PS3.3 C.7.3.1.1.1) or from ``side``; without either, from
    which side of the image is lateral, as the network sees it, and where the patient's left is (Patient Orientation, PS3.3
    C.7.6.1.1.1; on the image's right where nothing says).

    Args:
        ends: see ``msk_monai.geometry.squares``: the lateral and the medial edges of both bones.
        side: R or L: of the knee on a film that shows one, whatever its header says.
        spacing_mm: mm between columns and between rows, for films that do not say it themselves; one number is between columns, and that
            between rows follows from the pixels' aspect ratio, square where nothing says.
        least_confidence: mean of a knee's confidences below which it is not taken for one.
        pred_key: (N, 16, 4) as :class:`msk_monai.networks.LandmarkLooksInferer` gives.
        image_key: the film on the network's grid.
        source_key: the film as it was read.

    A knee that the film cuts, or whose numbers cannot be those of one, or beside the one that the film is said to show, is left out; what
    is measured on the other says so.

    Raises:
        ValueError: another side, or a spacing that is not positive.
    """

    def __init__(
        self,
        *,
        ends: tuple[Sequence[int], Sequence[int]],
        side: str | None = None,
        spacing_mm: Sequence[float] | float | None = None,
        least_confidence: float = 0.25,
        pred_key: str = "pred",
        image_key: str = "image",
        source_key: str = "source",
    ) -> None:
        if side not in (None, *SIDES):
            raise ValueError(f"expected side to be R or L, got {side}")
        given = np.atleast_1d(np.asarray([1.0] if spacing_mm is None else spacing_mm, dtype=np.float64))
        if given.shape not in ((1,), (2,)) or not (given > 0).all():
            raise ValueError(f"expected one or two positive numbers as spacing_mm, got {spacing_mm}")
        self.ends, self.side, self.least_confidence = (tuple(ends[0]), tuple(ends[1])), side, least_confidence
        self.spacing_mm = None if spacing_mm is None else (float(given[0]), float(given[1]) if len(given) == 2 else None)
        self.pred_key, self.image_key, self.source_key = pred_key, image_key, source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the findings of one film."""
        film = data[self.source_key]
        spacing, unit, flags = self._spacing(film)
        seen = marked_objects(np.asarray(data[self.pred_key], dtype=np.float64), self.ends, data[self.image_key])
        knees: list[tuple[MarkedObject, Knee]] = []
        reasons: list[str] = []
        for one in seen:
            fault, knee = self._judged(one, film, spacing, unit)
            if knee is not None:
                knees.append((one, knee))
            elif fault is not None:
                reasons.append(fault)
        if not knees:
            reason = f"no knee was found in this picture{f': {reasons[0]}' if reasons else ''}"
            return {**data, "objects": (), "lines": (), "findings": Findings(status=Status.FLAGGED, reason=reason)}
        if len(knees) == 2 and not _side_by_side(*(one for one, _ in knees)):
            knees = [max(knees, key=lambda knee: float(knee[0].confidence.mean()))]
            reasons.append("it does not lie beside this one")
        told = self.side or _laterality(film)
        if len(knees) == 2 and told in SIDES:
            knees = [knees[0 if told == _side_on_the_left(film) else 1]]
            reasons.append(f"the film is said to show the {SIDES[told]} one")
        sides, doubts = self._sides([one for one, _ in knees], film)
        least = min(float(one.confidence.mean()) for one, _ in knees)
        doubt = None if least >= _CERTAIN else f"what was found may be no knee (mean confidence {least:.2f})"
        landmarks: list[Landmark] = []
        measurements: list[Measurement] = []
        lines: list[MarkedLine] = []
        left_out = tuple(f"another knee was left out: {reason}" for reason in reasons)
        both = len(knees) > 1 or _laterality(film) == "B"
        for (one, knee), side in zip(knees, sides, strict=True):
            prefix = f"{SIDES[side]}_" if both else ""
            landmarks += landmarks_of(one, POINTS, prefix)
            which = (f"{SIDES[side]} knee", *doubts, *left_out, *([doubt] if doubt else ()), *_overlap(knee))
            measurements += _measurements(one, knee, prefix, unit, which, flags)
            lines += _lines(one, knee, unit)
        status = Status.OK if doubt is None else Status.FLAGGED
        findings = Findings(status=status, reason=doubt, measurements=tuple(measurements), landmarks=tuple(landmarks))
        return {**data, "objects": tuple(one for one, _ in knees), "lines": tuple(lines), "findings": findings}

    def _judged(self, one: MarkedObject, film: MetaTensor, spacing: tuple[float, float], unit: str) -> tuple[str | None, Knee | None]:
        """A knee's numbers; or why it has none, where it may be one."""
        if one.confidence.mean() < self.least_confidence:
            return None, None
        needed = one.points[[POINTS.index(point) for point in NEEDED]]
        if not ((needed >= -0.5) & (needed <= np.array(film.shape[1:3]) - 0.5)).all():
            return "the film cuts it", None
        try:
            knee = measure_knee(one.points * spacing)
        except ValueError:
            return "its points are missing or fall into one", None
        fault = implausible(knee, in_mm=unit == "mm")
        return (None, knee) if fault is None else (fault, None)

    def _spacing(self, film: MetaTensor) -> tuple[tuple[float, float], str, tuple[str, ...]]:
        """Between columns and between rows, mm, or square pixels where there are none; the unit; what to know of it."""
        given = film.meta.get("spacing_mm")
        warnings, aspect = tuple(film.meta.get("warnings", ())), float(film.meta.get("pixel_aspect_ratio", 1.0))
        if given is not None:
            return (float(given[0]), float(given[1])), "mm", warnings
        if self.spacing_mm is not None:
            others = (warning for warning in warnings if not warning.endswith("lengths are in pixels"))
            columns, rows = self.spacing_mm
            return (columns, rows or columns * aspect), "mm", (*others, "pixel spacing as given by the user")
        return (1.0, aspect), "{pixels}", warnings

    def _sides(self, knees: Sequence[MarkedObject], film: MetaTensor) -> tuple[list[str], tuple[str, ...]]:
        """R or L of the knees, from the image's left to its right, and doubts about them."""
        on_left = _side_on_the_left(film)
        hung = () if _along_row(film) in ("L", "R") else ("side assumes that the patient's left is on the image's right",)
        seen = [_OTHER[on_left] if one.flipped else on_left for one in knees]
        told = self.side or _laterality(film)
        if len(knees) == 2:
            by_place = [on_left, _OTHER[on_left]]
            doubt = () if seen == by_place else ("the sides are in doubt: they were taken from the knees' places in the image",)
            return by_place, (*hung, *doubt)
        if told not in SIDES:
            return seen, hung
        where = "right" if knees[0].flipped else "left"
        return [told], () if told == seen[0] else (
            f"the lateral side is on the image's {where}, which is unusual for a {SIDES[told]} knee",
        )


def _side_by_side(first: MarkedObject, second: MarkedObject) -> bool:
    """Whether what was found can be two knees: they lie across their own lines, not along the leg."""
    lateral, medial = (POINTS.index(point) for point in LINES["femoral_condylar_width"])
    between = second.points.mean(axis=0) - first.points.mean(axis=0)
    widths = [one.points[medial] - one.points[lateral] for one in (first, second)]
    return all(abs(float(between @ width)) > 0.6 * float(width @ width) for width in widths)


def _side_on_the_left(film: MetaTensor) -> str:
    """The patient's side on the image's left."""
    return "L" if _along_row(film) == "R" else "R"


def _along_row(film: MetaTensor) -> str:
    """Where a row of the image leads, the first letter; empty where nothing says."""
    return str((tuple(film.meta.get("patient_orientation", ())) or ("",))[0])[:1]


def _laterality(film: MetaTensor) -> str:
    return str(film.meta.get("laterality", ""))[:1]


def _overlap(knee: Knee) -> tuple[str, ...]:
    """A joint space is a distance without a sign: where the bones overlap on the film it is no gap."""
    return ("femur and tibia overlap on the film: a joint space is no gap there",) if (knee.least_gap or 0.0) < 0 else ()


def _measurements(
    one: MarkedObject, knee: Knee, prefix: str, unit: str, which: tuple[str, ...], flags: tuple[str, ...]
) -> list[Measurement]:
    sure = dict(zip(POINTS, one.confidence, strict=True))
    lengths = []
    for (name, length), ends in zip(knee.lines.items(), LINES.values(), strict=True):
        hidden = tuple(f"{point} is hardly visible" for point in ends if sure[point] < _VISIBLE)
        method = f"distance from {ends[0]} to {ends[1]}"
        lengths.append(Measurement(name=prefix + name, value=length, unit=unit, flags=(*which, *hidden, *flags), method=method))
    angle = Measurement(
        name=f"{prefix}joint_line_convergence_angle",
        value=knee.convergence,
        unit="deg",
        flags=which,
        method="between the lines femur_2 to femur_6 and tibia_2 to tibia_8; positive: opens to the lateral side",
    )
    ratio = Measurement(name=f"{prefix}medial_lateral_joint_space_ratio", value=knee.ratio, unit="1", flags=which)
    return [*lengths, angle, ratio]


def _lines(one: MarkedObject, knee: Knee, unit: str) -> list[MarkedLine]:
    at = dict(zip(POINTS, one.points, strict=True))
    digits = 1 if unit == "mm" else 0
    return [
        MarkedLine(
            (float(at[start][0]), float(at[start][1])),
            (float(at[end][0]), float(at[end][1])),
            f"{knee.lines[name]:.{digits}f} {_UNITS[unit]}",
        )
        for name, (start, end) in LINES.items()
    ]
