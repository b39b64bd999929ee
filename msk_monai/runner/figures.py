"""From the figures of each case to the figures of a data set."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from msk_monai.measure.agreement import agreement
from msk_monai.measure.classification import Confusion, auc, auc_interval, brier, confusion_at, expected_calibration_error
from msk_monai.metrics import Figure, Graded, Grades, Pair, Pairs, Scores, Share, Values
from msk_monai.runner.grade_figures import member_numbers, summary_of_grades

Summary = dict[str, Any]
"""Statistics by name: numbers, ``None`` where one cannot be had, a pair's ``unit``, and ``by_name`` (a summary for each name)."""

_RESAMPLES = 2000
_LEVEL = 0.95
_OF_BOTH_CLASSES = ("auc", "lower", "upper", *(field.name for field in fields(Confusion)), "brier", "ece")
"""What scores of one class do not have."""


def summarise(rows: Sequence[Mapping[str, Figure]]) -> dict[str, Summary]:
    """Summarise every figure over the cases that have it; a figure of yes and no becomes a share.

    Args:
        rows: a case's figures by name; a case may lack some, and a number that is not finite counts as lacking.

    Returns:
        For numbers ``n, mean, lower, upper, sd, median, min, max``; for booleans ``n, count, share, lower, upper``. ``lower`` and
        ``upper`` bound the 95 % interval of the mean (percentile bootstrap over the cases, seeded) or the share (Wilson's).
        For pairs ``unit`` and the fields of :class:`msk_monai.measure.agreement.Agreement`; for values, pooled over all cases,
        ``n, mean, sd, median, p95, max``, the same for each name in ``by_name``; for shares what booleans have, ``n`` being the
        members of all cases; for graded errors ``n``, the means ``least_confident_tenth`` and ``rest``, and the ``ratio`` of the two.
        For scores, pooled over all cases, ``n, positives, threshold``, the ``auc`` with the ``lower`` and ``upper`` bound of its 95 %
        interval (percentile bootstrap over the cases, seeded), the fields of :class:`msk_monai.measure.classification.Confusion`,
        ``brier`` and ``ece`` (ten bins), the same for each name in ``by_name``; without both classes they are ``None``.
        For grades, pooled over all cases, ``n``, how many ``grades`` there are, and of the most probable ones the quadratic weighted
        ``kappa`` with the ``lower`` and ``upper`` bound of its 95 % interval (percentile bootstrap over the patients, seeded),
        ``accuracy``, ``balanced_accuracy``, the mean absolute error ``mae_grades``, the share ``within_one``, the ``ece`` of the
        probability of the answer (ten bins) and the ``confusion``, rows the true grade; the same for each name in ``by_name``.

    Raises:
        TypeError: one name stands for figures of different kinds.
        ValueError: scores of one name have different thresholds, or grades of one name are not as many.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: _summary(name, [row[name] for row in rows if name in row]) for name in names}


def pairs_of(rows: Sequence[Mapping[str, Figure]]) -> dict[str, list[Pair]]:
    """The finite pairs of every figure that is one, over the cases that have it."""
    pairs: dict[str, list[Pair]] = {}
    for row in rows:
        for name, figure in row.items():
            several = (figure,) if isinstance(figure, Pair) else figure.pairs if isinstance(figure, Pairs) else ()
            for pair in several:
                if _is_finite(pair):
                    pairs.setdefault(name, []).append(pair)
    return pairs


def values_of(rows: Sequence[Mapping[str, Figure]]) -> dict[str, list[Values]]:
    """The finite values of every figure that is a number or several, of each case that has some."""
    found: dict[str, list[Values]] = {}
    for row in rows:
        for name, figure in row.items():
            if isinstance(figure, int | float) and not isinstance(figure, bool | np.bool_):
                figure = Values((float(figure),))
            if isinstance(figure, Values) and any(map(math.isfinite, figure.values)):
                found.setdefault(name, []).append(_finite(figure))
    return found


def scores_of(rows: Sequence[Mapping[str, Figure]]) -> dict[str, Scores]:
    """The finite scores of every figure that is one, over the cases that have it, as one."""
    names = dict.fromkeys(name for row in rows for name, figure in row.items() if isinstance(figure, Scores))
    return {name: _as_one([figure for row in rows if isinstance(figure := row.get(name), Scores)])[0] for name in names}


def grades_of(rows: Sequence[Mapping[str, Figure]]) -> dict[str, list[Grades]]:
    """The grades of every figure that is such, over the cases that have it."""
    names = dict.fromkeys(name for row in rows for name, figure in row.items() if isinstance(figure, Grades))
    return {name: [figure for row in rows if isinstance(figure := row.get(name), Grades)] for name in names}


def _summary(name: str, figures: Sequence[Any]) -> Summary:
    kinds = {type(figure) for figure in figures}
    compound = kinds & _COMPOUND.keys()
    if compound and len(kinds) > 1:
        raise TypeError(f"figure {name} must be of one kind, got {', '.join(sorted(kind.__name__ for kind in kinds))}")
    if compound:
        return _COMPOUND[kinds.pop()](figures)
    if all(isinstance(value, bool | np.bool_) for value in figures):
        return _share(sum(map(bool, figures)), len(figures))
    return _spread(np.array([value for value in figures if math.isfinite(value)], dtype=float))


def _is_finite(pair: Pair) -> bool:
    return math.isfinite(pair.predicted) and math.isfinite(pair.true)


def _finite(figure: Values) -> Values:
    kept = [number for number, value in enumerate(figure.values) if math.isfinite(value)]
    return Values(tuple(figure.values[k] for k in kept), tuple(figure.names[k] for k in kept) if figure.names else ())


def _agreement(pairs: Sequence[Pair]) -> Summary:
    finite = [pair for pair in pairs if _is_finite(pair)]
    if not finite:
        return {"n": 0}
    found = agreement([pair.predicted for pair in finite], [pair.true for pair in finite])
    return {"unit": finite[0].unit, **asdict(found)}


def _pooled_agreement(parts: Sequence[Pairs]) -> Summary:
    return _agreement([pair for part in parts for pair in part.pairs])


def _graded(parts: Sequence[Graded]) -> Summary:
    both = np.array([row for part in parts for row in zip(part.confidences, part.errors, strict=True)]).reshape(-1, 2)
    both = both[np.isfinite(both).all(axis=1)]
    fewest = len(both) // 10
    if not fewest:
        return {"n": len(both), "least_confident_tenth": None, "rest": None, "ratio": None}
    errors = both[np.argsort(both[:, 0], kind="stable"), 1]
    tenth, rest = float(errors[:fewest].mean()), float(errors[fewest:].mean())
    return {"n": len(both), "least_confident_tenth": tenth, "rest": rest, "ratio": tenth / rest if rest > 0 else None}


def _as_one(parts: Sequence[Scores]) -> tuple[Scores, list[int]]:
    """The finite scores of all cases, by name where every case has names, and of which patient (or else case) each is."""
    thresholds = {part.threshold for part in parts}
    if len(thresholds) > 1:
        raise ValueError(f"scores of one figure must have one threshold, got {', '.join(map(str, sorted(thresholds)))}")
    named = all(part.names or not part.truths for part in parts)
    rows = [
        (value, bool(true), part.names[k] if named else "", number)
        for part, number in zip(parts, member_numbers(parts), strict=True)
        for k, (value, true) in enumerate(zip(part.probabilities, part.truths, strict=True))
        if math.isfinite(value)
    ]
    values, truths, names, cases = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Scores(values, truths, parts[0].threshold, names if named else ()), list(cases)


def _scored(parts: Sequence[Scores]) -> Summary:
    whole, cases = _as_one(parts)
    values, truths, names = np.array(whole.probabilities), np.array(whole.truths), np.array(whole.names)
    summary = _classified(values, truths, np.array(cases), whole.threshold)
    if not names.size:
        return summary
    members = {name: names == name for name in dict.fromkeys(whole.names)}
    by_name = {name: _classified(values[own], truths[own], np.array(cases)[own], whole.threshold) for name, own in members.items()}
    return {**summary, "by_name": by_name}


def _classified(values: np.ndarray, truths: np.ndarray, cases: np.ndarray, threshold: float) -> Summary:
    if not values.size:
        return {"n": 0}
    head = {"n": values.size, "positives": int(truths.sum()), "threshold": threshold}
    if not 0 < head["positives"] < values.size:
        return {**head, **dict.fromkeys(_OF_BOTH_CLASSES)}
    lower, upper = auc_interval(values, truths, cases) or (None, None)
    return {
        **head,
        "auc": auc(values, truths),
        "lower": lower,
        "upper": upper,
        **asdict(confusion_at(values, truths, threshold)),
        "brier": brier(values, truths),
        "ece": expected_calibration_error(values, truths),
    }


def _pooled_share(shares: Sequence[Share]) -> Summary:
    return _share(sum(share.count for share in shares), sum(share.total for share in shares))


def _pooled(parts: Sequence[Values]) -> Summary:
    by_name: dict[str, list[float]] = {}
    for part in parts:
        for name, value in zip(part.names, part.values, strict=False):  # without names there is no table
            by_name.setdefault(name, []).append(value)
    whole = _distribution([value for part in parts for value in part.values])
    return {**whole, "by_name": {name: _distribution(values) for name, values in by_name.items()}} if by_name else whole


def _distribution(values: Sequence[float]) -> Summary:
    finite = np.array([value for value in values if math.isfinite(value)], dtype=float)
    if not finite.size:
        return {"n": 0}
    return {
        "n": finite.size,
        "mean": float(finite.mean()),
        "sd": float(finite.std(ddof=1)) if finite.size > 1 else None,
        "median": float(np.median(finite)),
        "p95": float(np.quantile(finite, 0.95)),
        "max": float(finite.max()),
    }


def _share(count: int, n: int) -> Summary:
    """Wilson's score interval: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212, doi:10.1080/01621459.1927.10502953."""
    if n == 0:
        return {"n": 0}
    z = 1.959964
    share = count / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return {"n": n, "count": count, "share": share, "lower": max(0.0, centre - half), "upper": min(1.0, centre + half)}


def _spread(values: np.ndarray) -> Summary:
    if not values.size:
        return {"n": 0}
    lower, upper = _bootstrap(values) if values.size > 1 else (None, None)
    return {
        "n": values.size,
        "mean": float(values.mean()),
        "lower": lower,
        "upper": upper,
        "sd": float(values.std(ddof=1)) if values.size > 1 else None,
        "median": float(np.median(values)),
        "min": float(values.min()),
        "max": float(values.max()),
    }


def _bootstrap(values: np.ndarray) -> tuple[float, float]:
    means = np.random.default_rng(0).choice(values, size=(_RESAMPLES, values.size)).mean(axis=1)
    lower, upper = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(lower), float(upper)


_COMPOUND: dict[type, Callable[[Sequence[Any]], Summary]] = {
    Pair: _agreement,
    Pairs: _pooled_agreement,
    Share: _pooled_share,
    Values: _pooled,
    Graded: _graded,
    Scores: _scored,
    Grades: summary_of_grades,
}
