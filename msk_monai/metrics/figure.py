"""What a metric may say about a case under a figure's name."""

from msk_monai.metrics.grades import Grades
from msk_monai.metrics.pair import Pair, Pairs
from msk_monai.metrics.pooled import Graded, Share, Values
from msk_monai.metrics.scored import Scores

Figure = float | bool | Pair | Pairs | Values | Graded | Share | Scores | Grades
"""A number, yes or no, one or several predicted values beside the true ones, or a case's part of a pooled distribution, share,
classification or grading."""


def cells(name: str, figure: Figure) -> dict[str, float | int]:
    """The columns of a table of cases that hold a figure.

    A pair has ``<name>_predicted`` and ``<name>_true``, a share ``<name>_count`` and ``<name>_total``, pooled values the case's
    worst, ``<name>_max``, and several pairs their largest error under that name; scores ``<name>_right`` and ``<name>_total``, and of
    each that has a name of its own ``<name>_<own>_probability`` and ``<name>_<own>_true``; grades ``<name>_<own>_grade`` (the most
    probable one), ``<name>_<own>_true`` and ``<name>_<own>_expected``, without names the same without them; everything else its own name.

    >>> cells("angle", Pair(4.0, 5.0))
    {'angle_predicted': 4.0, 'angle_true': 5.0}
    """
    match figure:
        case Pair():
            return {f"{name}_predicted": figure.predicted, f"{name}_true": figure.true}
        case Share():
            return {f"{name}_count": figure.count, f"{name}_total": figure.total}
        case Pairs():
            return {f"{name}_max": max(abs(pair.predicted - pair.true) for pair in figure.pairs)} if figure.pairs else {}
        case Graded():
            return {}
        case Values():
            return {f"{name}_max": max(figure.values)} if figure.values else {}
        case Scores():
            return _score_cells(name, figure) if figure.truths else {}
        case Grades():
            return _grade_cells(name, figure)
        case _:
            return {name: figure}


def _score_cells(name: str, scores: Scores) -> dict[str, float | int]:
    row: dict[str, float | int] = {f"{name}_right": scores.right, f"{name}_total": len(scores.truths)}
    for own, probability, true in zip(scores.names, scores.probabilities, scores.truths, strict=False):  # names may be left out
        row |= {f"{name}_{own}_probability": probability, f"{name}_{own}_true": int(true)}
    return row


def _grade_cells(name: str, grades: Grades) -> dict[str, float | int]:
    row: dict[str, float | int] = {}
    heads = [f"{name}_{own}" for own in grades.names] or [name]
    for head, said, true, expected in zip(heads, grades.said, grades.truths, grades.expected, strict=False):  # one name may stand for none
        row |= {f"{head}_grade": said, f"{head}_true": true, f"{head}_expected": expected}
    return row
