"""Grades of knees against a reader's."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msk_monai.errors import DataError
from msk_monai.metrics.figure import Figure
from msk_monai.metrics.grades import Grades
from msk_monai.metrics.pooled import Share
from msk_monai.records import Result

SIDES = ("right", "left")


class KneeGrades:
    """Metric for ``msk_monai.runner.evaluate``.

    Truth read: ``label``, the grade of the image's only knee, a whole number from 0; or ``grades``, by side:
    ``{"right": 2, "left": null}``. A grade of -1 or null is not known, and not compared. Where several images are of one patient,
    ``group`` or, without it, ``case`` says so; a datalist whose ``case`` is the image's own has figures by image then.

    Result read: the classes ``0`` … ``4`` of one knee, ``right_0`` … ``left_4`` of two. A ``label`` is not compared with the classes of two
    knees. Classes without a side are taken for those of the only side whose grade is known, and not compared where both are.

    Figures: ``grade``, the grades (:class:`msk_monai.metrics.Grades`) of the knees whose true grade and probabilities are known;
    ``grade_given``, of the known true grades those with an answer.

    Args:
        grades: names of the classes, from the least.
        patient: a regular expression that is looked for in a case's name where the truth says no patient; its first group is the patient.
    """

    def __init__(self, *, grades: Sequence[str] = ("0", "1", "2", "3", "4"), patient: str | None = None) -> None:
        self.grades = tuple(map(str, grades))
        self.patient = None if patient is None else re.compile(patient)

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures.

        Raises:
            DataError: the truth holds neither, a side that is none, or a grade that is none of these.
        """
        known = {side: grade for side, grade in _true(truth, len(self.grades)).items() if grade is not None}
        given = {side: self._given(result, side, alone=len(known) == 1) for side in known}
        rows = {side: row for side, row in given.items() if row is not None}
        names = tuple(side for side in rows if side)
        truths = tuple(known[side] for side in rows)
        return {
            "grade": Grades(tuple(rows.values()), truths, names, group=self._group(result, truth)),
            "grade_given": Share(len(rows), len(known)),
        }

    def _given(self, result: Result, side: str, *, alone: bool) -> tuple[float, ...] | None:
        """The probabilities of a knee, or of the only one for no side; ``None`` where the result has none."""
        for prefix in [f"{side}_"] * bool(side) + [""] * alone:
            row = [result.findings.classes.get(prefix + grade) for grade in self.grades]
            if all(value is not None and math.isfinite(value) for value in row):
                return tuple(float(value) for value in row if value is not None)
        return None

    def _group(self, result: Result, truth: Mapping[str, Any]) -> str | None:
        told = truth.get("group", truth.get("case"))
        if told is not None:
            return str(told)
        found = self.patient and self.patient.search(result.case)
        return found.group(1) if found else None


def _true(truth: Mapping[str, Any], count: int) -> dict[str, int | None]:
    """Grades by side, checked; a label's side is empty."""
    grades = truth.get("grades")
    if grades is None and "label" in truth:
        return {"": _grade("label", truth["label"], count)}
    if not isinstance(grades, Mapping) or not grades:
        raise DataError("expected grades by side, or label, in the datalist")
    for side in grades:
        if side not in SIDES:
            raise DataError(f"expected grades of right and left, got {side}")
    return {side: _grade(f"the grade of the {side} knee", grades[side], count) for side in SIDES if side in grades}


def _grade(what: str, value: object, count: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not -1 <= value < count:
        raise DataError(f"expected {what} to be a whole number from 0 to {count - 1}, or -1 or null, got {value}")
    return None if value < 0 else value
