"""Ordered grades: probabilities from cumulative logits, what to say of them, and how well they agree with a reader's."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

Array = npt.NDArray[np.float64]

_RESAMPLES = 2000
_LEVEL = 0.95
_TEMPERATURES = (0.05, 20.0)
_FURTHEST = 30.0
"""Bounds of a temperature, and of a bias to either side."""


@dataclass(frozen=True, kw_only=True)
class GradeInterval:
    """Neighbouring grades that together are probable enough.

    Attributes:
        lower: the least of them.
        upper: the greatest.
        probability: of all of them together.
    """

    lower: int
    upper: int
    probability: float


@dataclass(frozen=True, kw_only=True)
class CumulativeScaling:
    """Calibration of cumulative logits.

    Args:
        temperature: what they are divided by.
        biases: (grades - 1,) what is then added; none where empty. Thresholds may move apart by them, or closer together.
    """

    temperature: float = 1.0
    biases: tuple[float, ...] = ()


def grade_probabilities(logits: npt.ArrayLike, scaling: CumulativeScaling | None = None) -> Array:
    """Probabilities of the grades from logits of being worse than each grade but the last.

    P. McCullagh, J. R. Stat. Soc. B 42 (1980) 109-142, doi:10.1111/j.2517-6161.1980.tb01109.x. Logits that do not fall are taken as equal
    to the least before them, so that no probability is negative.

    Args:
        logits: (..., grades - 1).
        scaling: applied first.

    Returns:
        (..., grades), each 0 to 1, together 1.

    Raises:
        ValueError: there is no logit, one is not finite, or there are not as many biases.

    >>> grade_probabilities([0.0]).tolist()
    [0.5, 0.5]
    """
    given = np.asarray(logits, dtype=np.float64)
    if given.ndim == 0 or given.shape[-1] == 0 or not np.isfinite(given).all():
        raise ValueError("expected at least one logit for each answer, all of them finite")
    if scaling is not None:
        given = _scaled(given, scaling)
    worse = expit(np.minimum.accumulate(given, axis=-1))
    edges = np.concatenate([np.ones((*worse.shape[:-1], 1)), worse, np.zeros((*worse.shape[:-1], 1))], axis=-1)
    return np.asarray(edges[..., :-1] - edges[..., 1:])


def expected_grade(probabilities: npt.ArrayLike) -> Array:
    """(...) means of probabilities (..., grades): the grade with a fraction.

    >>> float(expected_grade([0.25, 0.5, 0.25]))
    1.0
    """
    given = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(given @ np.arange(given.shape[-1]) / given.sum(axis=-1))


def grade_interval(probabilities: npt.ArrayLike, level: float = 0.9) -> GradeInterval:
    """The fewest neighbouring grades that hold the truth with at least the probability ``level``; of equally many the more probable.

    Args:
        probabilities: (grades,), together 1.
        level: 0 to 1.

    >>> grade_interval([0.02, 0.9, 0.08]).upper
    1
    """
    given = np.asarray(probabilities, dtype=np.float64)
    total = np.concatenate([[0.0], np.cumsum(given)])
    for count in range(1, given.size + 1):
        sums = total[count:] - total[:-count]
        best = int(sums.argmax())
        if sums[best] >= level - 1e-9 or count == given.size:
            return GradeInterval(lower=best, upper=best + count - 1, probability=float(min(sums[best], 1.0)))
    raise ValueError("expected at least one grade")


def fit_cumulative(logits: npt.ArrayLike, grades: npt.ArrayLike, *, biased: bool = True) -> CumulativeScaling:
    """Find the temperature and the biases with which cumulative logits have the least log-loss.

    As temperature scaling (C. Guo et al. 2017, arXiv:1706.04599), and each threshold may move. Where all logits fall by the same steps, as
    those of one score and its thresholds do, the loss is convex in 1 / temperature and the biases (J. W. Pratt, J. Am. Stat. Assoc. 76
    (1981) 103-106, doi:10.1080/01621459.1981.10477613), so that what is found is the best. Grades that can be told without an error would
    take a temperature of 0, and a grade that does not occur a bias without end: both are bounded.

    Args:
        logits: (n, grades - 1) finite.
        grades: (n,) true ones, from 0.
        biased: whether thresholds may move; a temperature alone leaves all of them where the training put them.

    Raises:
        ValueError: the shapes do not fit, or a grade is none of these.
    """
    given, true = np.asarray(logits, dtype=np.float64), np.asarray(grades)
    if given.ndim != 2 or true.shape != given.shape[:1] or not given.size:
        raise ValueError(f"expected a grade for each row of logits, got shapes {given.shape} and {true.shape}")
    if not np.isin(true, np.arange(given.shape[1] + 1)).all():
        raise ValueError(f"expected grades from 0 to {given.shape[1]}")
    true = true.astype(np.intp)

    def scaling(values: Array) -> CumulativeScaling:
        return CumulativeScaling(temperature=float(np.exp(values[0])), biases=tuple(values[1:].tolist()))

    def loss(values: Array) -> float:
        chosen = np.take_along_axis(grade_probabilities(given, scaling(values)), true[:, None], axis=1)
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    bounds = [(np.log(_TEMPERATURES[0]), np.log(_TEMPERATURES[1])), *[(-_FURTHEST, _FURTHEST)] * (given.shape[1] * biased)]
    found = minimize(loss, np.zeros(len(bounds)), method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "gtol": 1e-7})
    return scaling(found.x)


def confusion_matrix(true: npt.ArrayLike, said: npt.ArrayLike, grades: int) -> npt.NDArray[np.intp]:
    """(grades, grades) counts, rows the true grade, columns the one that was said.

    Raises:
        ValueError: the shapes differ, or a grade is not from 0 to ``grades - 1``.
    """
    rows, columns = np.asarray(true), np.asarray(said)
    if rows.shape != columns.shape or rows.ndim != 1:
        raise ValueError(f"expected as many answers as true grades, got shapes {rows.shape} and {columns.shape}")
    if not (np.isin(rows, np.arange(grades)).all() and np.isin(columns, np.arange(grades)).all()):
        raise ValueError(f"expected grades from 0 to {grades - 1}")
    counts = np.zeros((grades, grades), dtype=np.intp)
    np.add.at(counts, (rows.astype(np.intp), columns.astype(np.intp)), 1)
    return counts


def quadratic_weighted_kappa(counts: npt.ArrayLike) -> float:
    """Agreement beyond chance, errors weighted by their square: 1 perfect, 0 chance.

    J. Cohen, Psychol. Bull. 70 (1968) 213-220, doi:10.1037/h0026256. NaN where chance agrees perfectly (all of one grade).

    Args:
        counts: (grades, grades) as :func:`confusion_matrix` gives.

    >>> quadratic_weighted_kappa([[1, 0], [0, 1]])
    1.0
    """
    seen = np.asarray(counts, dtype=np.float64)
    weights = np.subtract.outer(np.arange(len(seen)), np.arange(len(seen))) ** 2.0
    chance = float((weights * np.outer(seen.sum(axis=1), seen.sum(axis=0))).sum() / max(seen.sum(), 1.0))
    return 1 - float((weights * seen).sum()) / chance if chance > 0 else float("nan")


def kappa_interval(
    true: npt.ArrayLike, said: npt.ArrayLike, grades: int, groups: npt.ArrayLike | None = None, *, seed: int = 0
) -> tuple[float, float] | None:
    """The 95 % interval of :func:`quadratic_weighted_kappa`: percentile bootstrap over groups, a group's answers being drawn together.

    C. M. Rutter, Acad. Radiol. 7 (2000) 413-419, doi:10.1016/S1076-6332(00)80381-5, of another figure. Of 2000 resamples, those without
    a kappa are left out.

    Args:
        true: as for :func:`confusion_matrix`.
        said: as there.
        grades: as there.
        groups: (n,) which patient each belongs to; left out, each is one of its own.
        seed: of the resampling.

    Returns:
        The lower and the upper bound; ``None`` for one group, or where no resample has a kappa.

    Raises:
        ValueError: as for :func:`confusion_matrix`, or there are not as many groups as grades.
    """
    confusion_matrix(true, said, grades)
    rows, columns = np.asarray(true).astype(np.intp), np.asarray(said).astype(np.intp)
    members = np.arange(rows.size) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if members.shape != rows.shape:
        raise ValueError(f"expected a group for each of {rows.size} grades, got shape {members.shape}")
    count = int(members.max(initial=-1)) + 1
    if count < 2:
        return None
    cells = rows * grades + columns
    rng = np.random.default_rng(seed)
    kappas = []
    for _ in range(_RESAMPLES):
        weights = np.bincount(rng.integers(count, size=count), minlength=count)[members]
        kappas.append(quadratic_weighted_kappa(np.bincount(cells, weights, minlength=grades**2).reshape(grades, grades)))
    known = np.array(kappas)[np.isfinite(kappas)]
    if not known.size:
        return None
    lower, upper = np.quantile(known, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(lower), float(upper)


def balanced_accuracy(counts: npt.ArrayLike) -> float:
    """Mean over the grades that occur of the share that was said right.

    Args:
        counts: (grades, grades) as :func:`confusion_matrix` gives.
    """
    seen = np.asarray(counts, dtype=np.float64)
    totals = seen.sum(axis=1)
    occurs = totals > 0
    return float((np.diag(seen)[occurs] / totals[occurs]).mean()) if occurs.any() else float("nan")


def _scaled(logits: Array, scaling: CumulativeScaling) -> Array:
    if scaling.biases and len(scaling.biases) != logits.shape[-1]:
        raise ValueError(f"expected {logits.shape[-1]} biases, got {len(scaling.biases)}")
    return np.asarray(logits / scaling.temperature + (np.asarray(scaling.biases) if scaling.biases else 0.0))
