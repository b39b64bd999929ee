"""From the knees that were found and graded on a film to findings."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform

from msk_monai.anatomy.knee import POINTS
from msk_monai.measure.marks import MarkedObject
from msk_monai.measure.ordinal import CumulativeScaling, grade_probabilities
from msk_monai.records import Findings, Landmark, Measurement, Status
from msk_monai.transforms.film_knees import SIDES, FilmKnee, film_knees
from msk_monai.transforms.grade_measurements import grade_measurements
from msk_monai.transforms.landmarks_found import landmarks_of, marked_objects

_SEEN = 0.9
"""A knee of whose width and height the film shows less is cut: its grade is doubtful."""


class KneeGradesd(Transform):
    """Write ``findings``, and for pictures ``objects``.

    For each knee: ``kellgren_lawrence_grade``, the most probable grade, with the fewest neighbouring grades that hold the truth with a
    probability of 0.9; ``expected_kellgren_lawrence_grade``, the mean over the probabilities; and ``osteoarthritis_probability``, that of
    grade 2 or more (M. D. Kohn et al. 2016, doi:10.1007/s11999-016-4732-4). ``classes`` holds the probabilities in the order of the
    grades: ``0`` to ``4`` where the film shows one knee, ``right_0`` … ``left_4`` where it shows both.

    Args:
        grades: their names, from the least.
        ends: see ``msk_monai.geometry.squares``: the lateral and the medial edges of both bones.
        temperature: the logits are divided by it,
        biases: and these are added (:class:`msk_monai.measure.ordinal.CumulativeScaling`).
        side: R or L: of the knee on a film that shows one, whatever its header says.
        least_confidence: mean of a knee's confidences below which it is not taken for one.
        pred_key: a :class:`msk_monai.networks.GradedObjects`.
        image_key: the film on the network's grid.
        source_key: the film as it was read.

    Raises:
        ValueError: another side.
    """

    def __init__(
        self,
        *,
        grades: Sequence[str],
        ends: tuple[Sequence[int], Sequence[int]],
        temperature: float = 1.0,
        biases: Sequence[float] = (),
        side: str | None = None,
        least_confidence: float = 0.25,
        pred_key: str = "pred",
        image_key: str = "image",
        source_key: str = "source",
    ) -> None:
        if side not in (None, *SIDES):
            raise ValueError(f"expected side to be R or L, got {side}")
        self.grades, self.side, self.least_confidence = tuple(map(str, grades)), side, least_confidence
        self.ends = (tuple(ends[0]), tuple(ends[1]))
        self.scaling = CumulativeScaling(temperature=temperature, biases=tuple(map(float, biases)))
        self.pred_key, self.image_key, self.source_key = pred_key, image_key, source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the findings of one film."""
        film: MetaTensor = data[self.source_key]
        pred = data[self.pred_key]
        seen = marked_objects(pred.points, self.ends, data[self.image_key])
        logits = {id(one): row for one, row in zip(seen, pred.logits, strict=True)}
        found = film_knees(seen, film, side=self.side, least_confidence=self.least_confidence, fault=_fault(film))
        if not found.knees:
            return {**data, "objects": (), "findings": Findings(status=Status.FLAGGED, reason=found.doubt)}
        measurements: list[Measurement] = []
        landmarks: list[Landmark] = []
        classes: dict[str, float] = {}
        for knee in found.knees:
            probabilities = grade_probabilities(logits[id(knee.marked)], self.scaling)
            classes |= {knee.prefix + name: float(value) for name, value in zip(self.grades, probabilities, strict=True)}
            measurements += _measurements(knee, probabilities, film)
            landmarks += landmarks_of(knee.marked, POINTS, knee.prefix)
        findings = Findings(
            status=Status.OK if found.doubt is None else Status.FLAGGED,
            reason=found.doubt,
            measurements=tuple(measurements),
            landmarks=tuple(landmarks),
            classes=classes,
        )
        return {**data, "objects": tuple(knee.marked for knee in found.knees), "findings": findings}


def _fault(film: MetaTensor) -> Any:
    size = np.array(film.shape[1:3], dtype=np.float64)

    def fault(one: MarkedObject) -> str | None:
        return None if _share_seen(one, size) > 0.5 else "the film cuts it"

    return fault


def _share_seen(one: MarkedObject, size: np.ndarray) -> float:
    """How much of the box around a knee's points the film shows, along the axis of which it shows less."""
    low, high = one.points.min(axis=0), one.points.max(axis=0)
    inside = np.minimum(high, size - 0.5) - np.maximum(low, -0.5)
    return float((inside / np.maximum(high - low, 1e-6)).min())


def _measurements(knee: FilmKnee, probabilities: np.ndarray, film: MetaTensor) -> list[Measurement]:
    cut = () if _share_seen(knee.marked, np.array(film.shape[1:3], dtype=np.float64)) >= _SEEN else ("the film cuts the knee",)
    flags = (*knee.flags, *cut)
    return [
        *grade_measurements(knee.prefix, "kellgren_lawrence_grade", probabilities, flags),
        Measurement(
            name=f"{knee.prefix}osteoarthritis_probability",
            value=float(probabilities[2:].sum()),
            unit="1",
            flags=flags,
            method="probability of grade 2 or more",
        ),
    ]
