"""Ordered grades: probabilities, intervals, calibration, agreement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from msk_monai.measure.ordinal import (
    CumulativeScaling,
    balanced_accuracy,
    confusion_matrix,
    expected_grade,
    fit_cumulative,
    grade_interval,
    grade_probabilities,
    kappa_interval,
    quadratic_weighted_kappa,
)

finite = st.floats(-1e6, 1e6)
answers = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30)
shares = st.lists(st.integers(0, 20), min_size=1, max_size=7).filter(any).map(lambda parts: np.array(parts) / sum(parts))
STEPS = np.array([-2.0, -0.7, 0.7, 2.0])


@given(st.lists(finite, min_size=1, max_size=6), st.floats(0.05, 20), st.data())
def test_probabilities_are_such_for_any_logits(logits, temperature, data):
    biases = data.draw(st.sampled_from([(), tuple(np.linspace(3, -3, len(logits)))]))
    found = grade_probabilities(logits, CumulativeScaling(temperature=temperature, biases=biases))
    assert found.shape == (len(logits) + 1,)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)


def test_a_grade_lies_between_two_logits():
    logits = np.array([[2.0, 0.5, -1.0], [0.0, 0.0, -3.0]])
    worse = expit(logits)
    assert grade_probabilities(logits)[0] == pytest.approx(
        [1 - worse[0, 0], worse[0, 0] - worse[0, 1], worse[0, 1] - worse[0, 2], worse[0, 2]]
    )
    assert grade_probabilities(logits)[1, 1] == 0
    scaled = grade_probabilities(logits, CumulativeScaling(temperature=2.0, biases=(0.3, 0.1, -0.2)))
    assert scaled == pytest.approx(grade_probabilities(logits / 2 + [0.3, 0.1, -0.2]))


def test_logits_that_rise_are_taken_as_equal():
    assert grade_probabilities([0.0, 1.0, -1.0]) == pytest.approx(grade_probabilities([0.0, 0.0, -1.0]))


@pytest.mark.parametrize("logits", [0.5, [], np.empty((3, 0)), [0.0, float("nan")], [float("inf")]])
def test_what_has_no_probabilities(logits):
    with pytest.raises(ValueError, match="at least one logit for each answer, all of them finite"):
        grade_probabilities(logits)


def test_there_is_a_bias_for_each_logit():
    with pytest.raises(ValueError, match="expected 2 biases, got 1"):
        grade_probabilities([1.0, 0.0], CumulativeScaling(biases=(0.5,)))


def test_the_expected_grade_is_the_mean():
    assert expected_grade([[0, 0, 1], [0.5, 0, 0.5], [1, 0, 0]]).tolist() == [2, 1, 0]


@given(shares, st.sampled_from([0.0, 0.25, 0.5, 0.8, 0.9, 0.95, 1.0]))
def test_an_interval_is_the_shortest_that_holds_the_level(probabilities, level):
    found = grade_interval(probabilities, level)
    width = found.upper - found.lower + 1
    sums = {n: [probabilities[k : k + n].sum() for k in range(len(probabilities) - n + 1)] for n in range(1, width + 1)}
    assert found.probability == pytest.approx(probabilities[found.lower : found.upper + 1].sum())
    assert found.probability >= level - 1e-6
    assert found.probability == pytest.approx(max(sums[width]))
    assert all(max(sums[n]) < level for n in range(1, width))


def test_no_grades_have_no_interval():
    with pytest.raises(ValueError, match="at least one grade"):
        grade_interval([])


def simulated(scaling, count=6000):
    """Logits of one score, and grades drawn as the scaling says."""
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 3, (count, 1)) - STEPS
    probabilities = grade_probabilities(logits, scaling)
    return logits, (rng.random((count, 1)) > probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)


def loss(logits, grades, scaling):
    return -np.log(grade_probabilities(logits, scaling)[np.arange(len(grades)), grades]).mean()


@pytest.mark.parametrize(
    ("temperature", "biases"),
    [(1.0, (0.0, 0.0, 0.0, 0.0)), (2.0, (0.5, 0.2, -0.1, -0.6)), (2.0, (-0.5, -0.1, 0.1, 0.3)), (0.5, (1.5, 1.5, 1.0, 1.0))],
)
def test_calibration_finds_what_the_grades_were_drawn_with(temperature, biases):
    true = CumulativeScaling(temperature=temperature, biases=biases)
    logits, grades = simulated(true)
    found = fit_cumulative(logits, grades)
    assert found.temperature == pytest.approx(temperature, rel=0.08)
    assert found.biases == pytest.approx(biases, abs=0.25)
    best = loss(logits, grades, found)
    assert best <= loss(logits, grades, true)
    for k in range(4):
        for step in (-0.05, 0.05):
            moved = tuple(np.array(found.biases) + step * np.eye(4)[k])
            assert best < loss(logits, grades, CumulativeScaling(temperature=found.temperature, biases=moved))


def test_a_temperature_alone_is_the_best_that_moves_no_threshold():
    logits, grades = simulated(CumulativeScaling(temperature=2.0, biases=(0.5, 0.2, -0.1, -0.6)))
    found = fit_cumulative(logits, grades, biased=False)
    assert found.biases == ()
    for factor in (0.95, 1.05):
        assert loss(logits, grades, found) < loss(logits, grades, CumulativeScaling(temperature=factor * found.temperature))


def test_calibration_of_grades_that_do_not_occur_or_have_no_errors_is_bounded():
    logits = np.linspace(-6, 6, 50)[:, None] - STEPS
    for grades in (np.zeros(50, dtype=int), (logits > 0).sum(axis=1), np.where(logits[:, 0] > 0, 3, 0)):
        found = fit_cumulative(logits, grades)
        assert 0.05 <= found.temperature <= 20 * (1 + 1e-9)
        assert np.isfinite(found.biases).all()
        assert loss(logits + 1e-9, grades, found) < 0.35


@pytest.mark.parametrize(
    ("logits", "grades", "message"),
    [
        ([[0.0, 1.0]], [0, 1], r"a grade for each row of logits, got shapes \(1, 2\) and \(2,\)"),
        ([0.0], [0], "a grade for each row"),
        (np.empty((0, 2)), [], "a grade for each row"),
        ([[1.0, 0.0]], [3], "grades from 0 to 2"),
        ([[1.0, 0.0]], [0.5], "grades from 0 to 2"),
    ],
)
def test_what_cannot_be_calibrated(logits, grades, message):
    with pytest.raises(ValueError, match=message):
        fit_cumulative(logits, grades)


@given(answers)
def test_kappa_compares_the_squared_errors_with_those_of_all_pairs(rows):
    true, said = np.array(rows).T
    chance = np.mean([(a - b) ** 2 for a in true for b in said])
    kappa = quadratic_weighted_kappa(confusion_matrix(true, said, 5))
    if chance == 0:
        assert np.isnan(kappa)
    else:
        assert kappa == pytest.approx(1 - np.mean((true - said) ** 2) / chance)
        assert quadratic_weighted_kappa(confusion_matrix(4 - true, 4 - said, 5)) == pytest.approx(kappa)
        assert quadratic_weighted_kappa(confusion_matrix(said, true, 5)) == pytest.approx(kappa)


def test_kappa_by_hand():
    counts = [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert quadratic_weighted_kappa(counts) == pytest.approx(1 - 1 / 5)  # one error of 1; by chance (4 + 8 + 1 + 1 + 4 + 2) / 4


def test_counts_have_the_true_grade_by_row():
    assert confusion_matrix([0, 0, 2], [0, 2, 1], 3).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("true", "said", "message"),
    [
        ([0, 1], [0], "as many answers as true grades"),
        ([[0]], [[0]], "as many answers"),
        ([3], [0], "from 0 to 2"),
        ([0], [-1], "from 0 to 2"),
    ],
)
def test_what_cannot_be_counted(true, said, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(true, said, 3)


def test_balanced_accuracy_is_over_the_grades_that_occur():
    assert balanced_accuracy([[3, 1, 0], [0, 0, 0], [1, 0, 1]]) == pytest.approx((0.75 + 0.5) / 2)
    assert np.isnan(balanced_accuracy(np.zeros((3, 3))))


def test_the_interval_of_kappa_lies_about_it_and_widens_with_fewer_patients():
    rng = np.random.default_rng(1)
    true = rng.integers(0, 5, 60)
    said = np.clip(true + rng.integers(-1, 2, 60), 0, 4)
    kappa = quadratic_weighted_kappa(confusion_matrix(true, said, 5))
    lower, upper = kappa_interval(true, said, 5)
    assert lower < kappa < upper
    assert (lower, upper) == kappa_interval(true, said, 5)
    assert kappa_interval(true, said, 5, seed=1) != (lower, upper)
    repeated = kappa_interval(np.tile(true, 2), np.tile(said, 2), 5, np.tile(np.arange(60), 2))
    assert repeated == pytest.approx((lower, upper), abs=1e-9)  # a patient's second knee that is as the first adds nothing


def test_where_kappa_has_no_interval():
    assert kappa_interval([0, 1], [0, 1], 2, ["a", "a"]) is None
    assert kappa_interval([1, 1], [1, 1], 2) is None
    assert kappa_interval([], [], 2) is None
    with pytest.raises(ValueError, match="a group for each of 2 grades"):
        kappa_interval([0, 1], [0, 1], 2, ["a"])
