"""From the grades of each case to those of a data set."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from msk_monai.measure.classification import confidence_calibration_error
from msk_monai.measure.ordinal import balanced_accuracy, confusion_matrix, kappa_interval, quadratic_weighted_kappa
from msk_monai.metrics import Grades, Scores


def member_numbers(parts: Sequence[Scores | Grades]) -> list[int]:
    """Of which patient each case is, as a number; one without a group is a patient of its own."""
    groups = [("", number) if part.group is None else (part.group, 0) for number, part in enumerate(parts)]
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    return [numbers[group] for group in groups]


def grades_as_one(parts: Sequence[Grades]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The probabilities (n, grades), truths (n,), names (n,) and patients (n,) of all cases; no names where a graded case has none.

    Raises:
        ValueError: cases have different numbers of grades.
    """
    sizes = {len(row) for part in parts for row in part.probabilities}
    if len(sizes) > 1:
        raise ValueError(f"cases of one figure must have as many grades, got {', '.join(map(str, sorted(sizes)))}")
    named = all(part.names or not part.truths for part in parts)
    rows = [row for part in parts for row in part.probabilities]
    return (
        np.array(rows, dtype=np.float64).reshape(len(rows), max(sizes, default=0)),
        np.array([true for part in parts for true in part.truths], dtype=np.intp),
        np.array([name for part in parts for name in part.names] if named else [], dtype=np.str_),
        np.repeat(member_numbers(parts), [len(part.truths) for part in parts]),
    )


def summary_of_grades(parts: Sequence[Grades]) -> dict[str, Any]:
    """Pooled over all cases, and the same for each name in ``by_name``; see :func:`msk_monai.runner.figures.summarise`."""
    values, truths, names, patients = grades_as_one(parts)
    summary = _graded(values, truths, patients)
    if not names.size:
        return summary
    members = {name: names == name for name in dict.fromkeys(names.tolist())}
    return {**summary, "by_name": {name: _graded(values[own], truths[own], patients[own]) for name, own in members.items()}}


def _graded(values: np.ndarray, truths: np.ndarray, patients: np.ndarray) -> dict[str, Any]:
    if not truths.size:
        return {"n": 0}
    grades, said = values.shape[1], values.argmax(axis=1)
    counts, off = confusion_matrix(truths, said, grades), np.abs(said - truths)
    kappa = quadratic_weighted_kappa(counts)
    lower, upper = kappa_interval(truths, said, grades, patients) or (None, None)
    return {
        "n": truths.size,
        "grades": grades,
        "kappa": kappa if np.isfinite(kappa) else None,
        "lower": lower,
        "upper": upper,
        "accuracy": float(np.mean(off == 0)),
        "balanced_accuracy": balanced_accuracy(counts),
        "mae_grades": float(np.mean(off)),
        "within_one": float(np.mean(off <= 1)),
        "ece": confidence_calibration_error(values, truths),
        "confusion": counts.tolist(),
    }
