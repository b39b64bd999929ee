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
from msk_monai.transforms.film_knees import SIDES, film_knees
from msk_monai.transforms.landmarks_found import landmarks_of, marked_objects

_VISIBLE = 0.15
"""A point of less confidence is named in the flags of what is measured from it."""
_UNITS = {"mm": "mm", "{pixels}": "px"}


class KneeFilmd(Transform):
    """Write ``findings``, and for pictures ``objects`` and ``lines``.

    The names of what belongs to a knee begin with its side (``right_``, ``left_``) where the film shows both, and bear none where it
    shows one. How sides are told: :func:`msk_monai.transforms.film_knees.film_knees`.

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
        measured: dict[int, Knee] = {}

        def fault(one: MarkedObject) -> str | None:
            reason, knee = self._judged(one, film, spacing, unit)
            if knee is not None:
                measured[id(one)] = knee
            return reason

        found = film_knees(seen, film, side=self.side, least_confidence=self.least_confidence, fault=fault)
        if not found.knees:
            return {**data, "objects": (), "lines": (), "findings": Findings(status=Status.FLAGGED, reason=found.doubt)}
        landmarks: list[Landmark] = []
        measurements: list[Measurement] = []
        lines: list[MarkedLine] = []
        for one in found.knees:
            knee = measured[id(one.marked)]
            landmarks += landmarks_of(one.marked, POINTS, one.prefix)
            measurements += _measurements(one.marked, knee, one.prefix, unit, (*one.flags, *_overlap(knee)), flags)
            lines += _lines(one.marked, knee, unit)
        status = Status.OK if found.doubt is None else Status.FLAGGED
        findings = Findings(status=status, reason=found.doubt, measurements=tuple(measurements), landmarks=tuple(landmarks))
        return {**data, "objects": tuple(one.marked for one in found.knees), "lines": tuple(lines), "findings": findings}

    def _judged(self, one: MarkedObject, film: MetaTensor, spacing: tuple[float, float], unit: str) -> tuple[str | None, Knee | None]:
        """A knee's numbers, or why it has none."""
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
