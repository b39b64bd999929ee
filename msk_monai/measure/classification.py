"""How well probabilities tell yes from no: ROC curve, errors at a threshold, calibration."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit

Array = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

_RESAMPLES = 2000
_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Roc:
    """A receiver operating characteristic: from (0, 0), where nothing is called positive, to (1, 1), where everything is.

    Attributes:
        thresholds: (K,) falling, infinity first, then every distinct score; positive is what is not below.
        false_positive_rate: (K,) 1 - specificity at each.
        sensitivity: (K,) at each.
    """

    thresholds: Array
    false_positive_rate: Array
    sensitivity: Array


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """What a threshold makes of probabilities, each 0 to 1.

    Args:
        accuracy: share of right answers.
        balanced_accuracy: mean of sensitivity and specificity.
        sensitivity: share of the positives that are called so.
        specificity: share of the negatives that are called so.
        f1: harmonic mean of sensitivity and precision, 2 TP / (2 TP + FP + FN).
    """

    accuracy: float
    balanced_accuracy: float
    sensitivity: float
    specificity: float
    f1: float


@dataclass(frozen=True, eq=False)
class Reliability:
    """The points of a reliability diagram, by bins of equal width from 0 to 1; NaN where one is empty.

    Attributes:
        counts: (bins,) probabilities in each.
        probabilities: (bins,) their mean.
        shares: (bins,) of positives among them.
    """

    counts: npt.NDArray[np.intp]
    probabilities: Array
    shares: Array


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Calibration of logits.

    Args:
        temperature: what they are divided by.
        bias: what is then added.
    """

    temperature: float
    bias: float = 0.0

    def probabilities(self, logits: npt.ArrayLike) -> Array:
        """Calibrated probabilities of the positive class, 1 / (1 + exp(-(logits / temperature + bias)))."""
        return np.asarray(expit(np.asarray(logits, dtype=np.float64) / self.temperature + self.bias))


def roc(probabilities: npt.ArrayLike, truths: npt.ArrayLike) -> Roc:
    """The curve's corners; scores that are the same make one step, which is drawn as a slope.

    Args:
        probabilities: (n,) finite scores, the higher the more positive; only their order counts.
        truths: (n,) 0 or 1.

    Raises:
        ValueError: the shapes differ, a value cannot be used, or one of the classes is missing.
    """
    scores, true = _checked(probabilities, truths)
    distinct, positives, negatives = _tally(scores, true)
    found, false = (np.concatenate([[0.0], np.cumsum(counts[::-1])]) for counts in (positives, negatives))
    return Roc(np.concatenate([[np.inf], distinct[::-1]]), false / false[-1], found / found[-1])


def auc(probabilities: npt.ArrayLike, truths: npt.ArrayLike) -> float:
    """Area under the ROC curve: how often a positive scores above a negative, a tie counting half (Mann & Whitney's U over all pairs).

    J. A. Hanley & B. J. McNeil, Radiology 143 (1982) 29-36, doi:10.1148/radiology.143.1.7063747.

    Args:
        probabilities: as for :func:`roc`.
        truths: as for :func:`roc`.

    Raises:
        ValueError: as for :func:`roc`.

    >>> auc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    0.875
    """
    _, positives, negatives = _tally(*_checked(probabilities, truths))
    return _area(positives, negatives)


def auc_interval(
    probabilities: npt.ArrayLike, truths: npt.ArrayLike, groups: npt.ArrayLike | None = None, *, seed: int = 0
) -> tuple[float, float] | None:
    """The 95 % interval of :func:`auc`: percentile bootstrap over groups, all of a group's scores being drawn together.

    C. M. Rutter, Acad. Radiol. 7 (2000) 413-419, doi:10.1016/S1076-6332(00)80381-5. Of 2000 resamples, those of one class have no
    area and are left out. Where no positive scores below a negative, neither does one in a resample: the interval is then 1 to 1, and says
    nothing about how little data there may be.

    Args:
        probabilities: as for :func:`roc`.
        truths: as for :func:`roc`.
        groups: (n,) which patient each belongs to; left out, each is one of its own.
        seed: of the resampling.

    Returns:
        The lower and the upper bound; ``None`` for one group.

    Raises:
        ValueError: as for :func:`roc`, or there are not as many groups as scores.
    """
    scores, true = _checked(probabilities, truths)
    members = np.arange(scores.size) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if members.shape != scores.shape:
        raise ValueError(f"expected a group for each of {scores.size} scores, got shape {members.shape}")
    count = int(members.max()) + 1
    if count < 2:
        return None
    distinct, place = np.unique(scores, return_inverse=True)
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(_RESAMPLES):
        weights = np.bincount(rng.integers(count, size=count), minlength=count)[members]
        positives, negatives = (_counted(place, weights * chosen, distinct.size) for chosen in (true, ~true))
        if positives.any() and negatives.any():
            areas.append(_area(positives, negatives))
    lower, upper = np.quantile(areas, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(lower), float(upper)


def confusion_at(probabilities: npt.ArrayLike, truths: npt.ArrayLike, threshold: float) -> Confusion:
    """Count right and wrong answers; a probability that is not below the threshold says yes.

    Args:
        probabilities: (n,) finite scores.
        truths: (n,) 0 or 1.
        threshold: in their scale.

    Raises:
        ValueError: as for :func:`roc`.
    """
    scores, true = _checked(probabilities, truths)
    said = scores >= threshold
    right, false_yes, false_no = int(np.sum(said & true)), int(np.sum(said & ~true)), int(np.sum(~said & true))
    sensitivity, specificity = right / int(true.sum()), 1 - false_yes / int(np.sum(~true))
    return Confusion(
        accuracy=float(np.mean(said == true)),
        balanced_accuracy=(sensitivity + specificity) / 2,
        sensitivity=sensitivity,
        specificity=specificity,
        f1=2 * right / (2 * right + false_yes + false_no),
    )


def choose_threshold(probabilities: npt.ArrayLike, truths: npt.ArrayLike) -> float:
    """The threshold with the highest Youden's index, sensitivity + specificity - 1.

    W. J. Youden, Cancer 3 (1950) 32-35, doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3. The index is the same
    between two neighbouring probabilities; the middle is taken, of the widest gap where several are as good. Below the lowest probability
    the gap begins at 0.

    Args:
        probabilities: (n,) 0 to 1.
        truths: (n,) 0 or 1.

    Returns:
        0 to 1; positive is what is not below.

    Raises:
        ValueError: as for :func:`roc`, or a probability is not from 0 to 1.
    """
    distinct, positives, negatives = _tally(*_checked(probabilities, truths, scale=True))
    found, false = (np.cumsum(counts[::-1])[::-1] for counts in (positives, negatives))  # at the threshold of each distinct one
    index = found * false[0] - false * found[0]  # times the numbers of both classes: whole numbers, so that ties are ties
    below = np.concatenate([[0.0], distinct[:-1]])
    best = np.flatnonzero(index == index.max())
    chosen = best[(distinct - below)[best].argmax()]
    middle = (below[chosen] + distinct[chosen]) / 2
    return float(middle if middle > below[chosen] else distinct[chosen])  # two neighbouring floats have no middle


def brier(probabilities: npt.ArrayLike, truths: npt.ArrayLike) -> float:
    """Mean squared difference of the positive class' probability and what is true, 0 to 1, 0 the best.

    Half of what G. W. Brier, Mon. Weather Rev. 78 (1950) 1-3, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2, sums over both classes.

    Args:
        probabilities: as for :func:`choose_threshold`.
        truths: as for :func:`choose_threshold`.

    Raises:
        ValueError: as for :func:`choose_threshold`.
    """
    values, true = _checked(probabilities, truths, scale=True)
    return float(np.mean((values - true) ** 2))


def reliability(probabilities: npt.ArrayLike, truths: npt.ArrayLike, bins: int = 10) -> Reliability:
    """Group probabilities by bins of equal width; each bin holds its lower edge, the last 1 too.

    Args:
        probabilities: as for :func:`choose_threshold`.
        truths: as for :func:`choose_threshold`.
        bins: how many.

    Raises:
        ValueError: as for :func:`choose_threshold`, or there is no bin.
    """
    return _binned(*_checked(probabilities, truths, scale=True), bins)


def expected_calibration_error(probabilities: npt.ArrayLike, truths: npt.ArrayLike, bins: int = 10) -> float:
    """How far the share of positives lies from the mean probability, averaged over bins by how many they hold; 0 to 1, 0 the best.

    M. P. Naeini, G. F. Cooper & M. Hauskrecht, AAAI 29 (2015), doi:10.1609/aaai.v29i1.9602: over the bins i of the probability of the
    positive class, ``Σ n_i / n |positives_i / n_i - mean probability_i|``; here with bins of equal width. (The definition of many classes,
    which takes the probability of the answer given, 0.5 to 1, is another one: :func:`confidence_calibration_error`.)

    Args:
        probabilities: as for :func:`reliability`.
        truths: as for :func:`reliability`.
        bins: as for :func:`reliability`.

    Raises:
        ValueError: as for :func:`reliability`.
    """
    return _gap(reliability(probabilities, truths, bins))


def confidence_reliability(probabilities: npt.ArrayLike, classes: npt.ArrayLike, bins: int = 10) -> Reliability:
    """As :func:`reliability`, of many classes: the probability of the most probable class against the share in which it is the true one.

    Args:
        probabilities: (n, classes) 0 to 1.
        classes: (n,) numbers of the true ones, from 0.
        bins: how many.

    Raises:
        ValueError: there is not a true class for each row, and at least one; a value cannot be used; or there is no bin.
    """
    values, true = np.asarray(probabilities, dtype=np.float64), np.asarray(classes)
    if values.ndim != 2 or not values.size or true.shape != values.shape[:1]:
        raise ValueError(f"expected a class for each row of probabilities, and at least one, got shapes {values.shape} and {true.shape}")
    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError("expected probabilities from 0 to 1")
    if not np.isin(true, np.arange(values.shape[1])).all():
        raise ValueError(f"expected classes from 0 to {values.shape[1] - 1}")
    return _binned(values.max(axis=1), values.argmax(axis=1) == true, bins)


def confidence_calibration_error(probabilities: npt.ArrayLike, classes: npt.ArrayLike, bins: int = 10) -> float:
    """How far the share of right answers lies from their mean probability, averaged over bins by how many they hold; 0 to 1, 0 the best.

    The expected calibration error of C. Guo et al., ICML 2017, arXiv:1706.04599, section 2, with bins of equal width.

    Args:
        probabilities: as for :func:`confidence_reliability`.
        classes: as for :func:`confidence_reliability`.
        bins: as for :func:`confidence_reliability`.

    Raises:
        ValueError: as for :func:`confidence_reliability`.

    >>> round(confidence_calibration_error([[0.8, 0.2], [0.7, 0.3]], [0, 0]), 3)
    0.25
    """
    return _gap(confidence_reliability(probabilities, classes, bins))


def fit_temperature(
    logits: npt.ArrayLike, truths: npt.ArrayLike, *, bias: bool = False, bounds: tuple[float, float] = (0.05, 20.0)
) -> Scaling:
    """Find the temperature that logits are to be divided by, so that their probabilities have the least log-loss.

    C. Guo et al., ICML 2017, arXiv:1706.04599. With a bias, which that paper does not have, the quotients are also shifted by a
    constant: this is J. Platt's scaling with a slope above zero. A temperature keeps the order of the logits, and so the area under
    the ROC curve. The loss is convex in 1 / temperature and bias, so what is found is the best; data that a threshold separates would
    take a temperature of 0, and data in the wrong order one without end, therefore it is bounded.

    Args:
        logits: (n,) finite.
        truths: (n,) 0 or 1; of images that the network was not trained on.
        bias: also fit a bias.
        bounds: of the temperature.

    Raises:
        ValueError: as for :func:`roc`, or the bounds are not positive and rising.
    """
    values, true = _checked(logits, truths)
    if not 0 < bounds[0] < bounds[1] < np.inf:
        raise ValueError(f"expected positive, rising bounds, got {bounds}")

    def shift(scaled: Array) -> float:
        if not bias:
            return 0.0
        reach = float(np.abs(scaled).max()) + 50  # there all probabilities are 0 or 1
        return float(brentq(lambda b: float(np.mean(expit(scaled + b) - true)), -reach, reach))

    def loss(log_temperature: float) -> float:
        scaled = values / np.exp(log_temperature)
        scaled = scaled + shift(scaled)
        return float(np.mean(np.logaddexp(0, scaled) - true * scaled))

    best = minimize_scalar(loss, bounds=(np.log(bounds[0]), np.log(bounds[1])), method="bounded", options={"xatol": 1e-6})
    temperature = float(np.exp(best.x))
    return Scaling(temperature=temperature, bias=shift(values / temperature))


def _binned(values: Array, true: Truths, bins: int) -> Reliability:
    if bins < 1:
        raise ValueError(f"expected at least one bin, got {bins}")
    edges = np.arange(1, bins) / bins
    place = np.digitize(values, edges)
    counts, sums, positives = (_counted(place, weights, bins) for weights in (np.ones(values.size), values, true))
    known = np.where(counts > 0, counts, np.nan)
    return Reliability(counts.astype(np.intp), sums / known, positives / known)


def _gap(found: Reliability) -> float:
    full = found.counts > 0
    return float(np.average(np.abs(found.shares - found.probabilities)[full], weights=found.counts[full]))


def _tally(scores: Array, true: Truths) -> tuple[Array, Array, Array]:
    """The distinct scores (K,), rising, and how many positives and negatives have each."""
    distinct, place = np.unique(scores, return_inverse=True)
    positives, negatives = (_counted(place, chosen, distinct.size) for chosen in (true, ~true))
    return distinct, positives, negatives


def _counted(place: npt.NDArray[np.intp], weights: npt.ArrayLike, size: int) -> Array:
    return np.asarray(np.bincount(place, np.asarray(weights, dtype=np.float64), minlength=size))


def _area(positives: Array, negatives: Array) -> float:
    below = np.cumsum(negatives) - negatives / 2
    return float(positives @ below / (positives.sum() * negatives.sum()))


def _checked(probabilities: npt.ArrayLike, truths: npt.ArrayLike, *, scale: bool = False) -> tuple[Array, Truths]:
    values, true = np.asarray(probabilities, dtype=np.float64), np.asarray(truths)
    if values.ndim != 1 or values.shape != true.shape or not values.size:
        raise ValueError(f"expected as many probabilities as truths, and at least one, got shapes {values.shape} and {true.shape}")
    if not np.isfinite(values).all() or (scale and not (values.min() >= 0 and values.max() <= 1)):
        raise ValueError("expected probabilities from 0 to 1" if scale else "expected finite scores")
    if not np.isin(true, (0, 1)).all():
        raise ValueError("expected truths of 0 and 1")
    yes = true.astype(np.bool_)
    if yes.all() or not yes.any():
        raise ValueError(f"expected truths of both classes, got {yes.size} of {int(yes[0])}")
    return values, yes
