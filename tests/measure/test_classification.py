"""Figures of probabilities that say yes or no."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import trapezoid

from msk_monai.measure.classification import (
    auc,
    auc_interval,
    brier,
    choose_threshold,
    confidence_calibration_error,
    confidence_reliability,
    confusion_at,
    expected_calibration_error,
    fit_temperature,
    reliability,
    roc,
)

EVERY = (roc, auc, auc_interval, lambda p, t: confusion_at(p, t, 0.5), choose_threshold, brier, reliability)
EVERY += (expected_calibration_error, fit_temperature)
scores = st.integers(0, 40).map(lambda number: number / 40)  # coarse, so that there are ties
both = st.lists(st.tuples(scores, st.booleans()), min_size=2, max_size=40).filter(lambda rows: len({true for _, true in rows}) == 2)
bins = st.integers(1, 12)


def columns(rows):
    probabilities, truths = zip(*rows, strict=True)
    return np.array(probabilities), np.array(truths)


def youden(probabilities, truths, threshold):
    found = confusion_at(probabilities, truths, threshold)
    return found.sensitivity + found.specificity - 1


@given(both)
def test_the_area_counts_pairs(rows):
    probabilities, truths = columns(rows)
    pairs = [(p > q) + 0.5 * (p == q) for p in probabilities[truths] for q in probabilities[~truths]]
    assert auc(probabilities, truths) == pytest.approx(np.mean(pairs))


@given(both)
def test_the_area_is_that_under_the_curve(rows):
    probabilities, truths = columns(rows)
    curve = roc(probabilities, truths)
    assert trapezoid(curve.sensitivity, curve.false_positive_rate) == pytest.approx(auc(probabilities, truths))


@given(both)
def test_the_curve_holds_the_rates_of_each_threshold(rows):
    probabilities, truths = columns(rows)
    curve = roc(probabilities, truths)
    assert (curve.false_positive_rate[0], curve.sensitivity[0]) == (0, 0)
    assert (curve.false_positive_rate[-1], curve.sensitivity[-1]) == (1, 1)
    assert list(curve.thresholds) == [np.inf, *sorted(set(probabilities), reverse=True)]
    for threshold, false, found in zip(curve.thresholds, curve.false_positive_rate, curve.sensitivity, strict=True):
        at = confusion_at(probabilities, truths, threshold)
        assert (1 - at.specificity, at.sensitivity) == pytest.approx((false, found))


@given(both)
def test_only_the_order_of_the_scores_counts(rows):
    probabilities, truths = columns(rows)
    for other in (probabilities**3, 7 * probabilities - 20, np.exp(probabilities)):
        assert auc(other, truths) == auc(probabilities, truths)


@given(both)
def test_the_other_class_has_the_rest_of_the_area(rows):
    probabilities, truths = columns(rows)
    area = auc(probabilities, truths)
    assert auc(40 - 40 * probabilities, truths) == pytest.approx(1 - area)
    assert auc(probabilities, ~truths) == pytest.approx(1 - area)
    assert auc(40 - 40 * probabilities, ~truths) == pytest.approx(area)


@settings(max_examples=5)
@given(both)
def test_the_interval_is_the_same_each_time_and_lies_about_the_area_of_many(rows):
    probabilities, truths = (np.tile(column, 10) for column in columns(rows))
    lower, upper = auc_interval(probabilities, truths)
    assert (lower, upper) == auc_interval(probabilities, truths)
    assert lower - 1e-9 <= auc(probabilities, truths) <= upper + 1e-9
    assert 0 <= lower <= upper <= 1


def test_the_interval_is_that_of_hanley_and_mcneil_for_many():
    rng = np.random.default_rng(4)
    truths = np.arange(600) % 3 == 0
    probabilities = rng.normal(truths * 1.0, 1.0)
    area = auc(probabilities, truths)
    one, other = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + 199 * (one - area**2) + 399 * (other - area**2)) / (200 * 400)
    lower, upper = auc_interval(probabilities, truths)
    assert lower == pytest.approx(area - 1.96 * variance**0.5, abs=0.01)
    assert upper == pytest.approx(area + 1.96 * variance**0.5, abs=0.01)


def test_scores_of_one_patient_are_no_more_than_one_of_them():
    rng = np.random.default_rng(5)
    truths = np.arange(60) % 2 == 0
    probabilities = rng.normal(truths * 1.0, 1.0)
    alone = auc_interval(probabilities, truths)
    patients = np.repeat([f"patient {number}" for number in range(60)], 5)
    assert auc_interval(np.repeat(probabilities, 5), np.repeat(truths, 5), patients) == pytest.approx(alone, abs=0.01)
    narrow = auc_interval(np.repeat(probabilities, 5), np.repeat(truths, 5))
    assert narrow[1] - narrow[0] < 0.6 * (alone[1] - alone[0])


def test_one_patient_has_no_interval_and_groups_go_with_scores():
    assert auc_interval([0.1, 0.9], [0, 1], ["a", "a"]) is None
    assert auc_interval([0.1, 0.9], [0, 1], ["a", "b"]) == (1, 1)
    with pytest.raises(ValueError, match="expected a group for each of 2 scores"):
        auc_interval([0.1, 0.9], [0, 1], ["a"])


def test_errors_worked_out_by_hand():
    found = confusion_at([0.9, 0.5, 0.4, 0.6, 0.1, 0.2, 0.3], [1, 1, 1, 0, 0, 0, 0], 0.5)  # 2 of 3, 3 of 4; 0.5 says yes
    assert (found.sensitivity, found.specificity) == (2 / 3, 3 / 4)
    assert found.accuracy == pytest.approx(5 / 7)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 3 / 4) / 2)
    assert found.f1 == pytest.approx(2 * 2 / 3 * 2 / 3 / (4 / 3))  # the precision is 2 of 3 too
    assert confusion_at([0.1, 0.2], [0, 1], 0.5).f1 == 0


@given(both)
def test_the_threshold_is_the_best(rows):
    probabilities, truths = columns(rows)
    threshold = choose_threshold(probabilities, truths)
    assert 0 <= threshold <= 1
    best = max(youden(probabilities, truths, other) for other in {*probabilities, 0.0, 2.0})
    assert youden(probabilities, truths, threshold) == pytest.approx(best)


def test_the_threshold_lies_in_the_middle_of_the_widest_gap():
    assert choose_threshold([0.1, 0.3, 0.8, 0.9], [0, 0, 1, 1]) == pytest.approx(0.55)
    assert choose_threshold([0.1, 0.2, 0.3, 0.7], [0, 1, 0, 1]) == pytest.approx(0.5)  # 0.15 is as good
    assert choose_threshold([0.6, 0.8], [1, 0]) == pytest.approx(0.3)  # no threshold is of use; all are called positive
    near = np.nextafter(0.5, 1)
    assert choose_threshold([0.5, near], [0, 1]) == near


def test_the_brier_score_by_hand():
    assert brier([0.0, 1.0, 0.5, 0.8], [0, 0, 1, 1]) == pytest.approx((0 + 1 + 0.25 + 0.04) / 4)


def test_bins_hold_their_lower_edge_and_the_last_holds_1():
    found = reliability([0.0, 0.1, 0.3, 0.35, 0.7, 1.0], [0, 1, 0, 1, 1, 1])
    assert list(found.counts) == [1, 1, 0, 2, 0, 0, 0, 1, 0, 1]
    np.testing.assert_allclose(found.probabilities, [0, 0.1, np.nan, 0.325, *[np.nan] * 3, 0.7, np.nan, 1])
    np.testing.assert_allclose(found.shares, [0, 1, np.nan, 0.5, *[np.nan] * 3, 1, np.nan, 1])
    assert expected_calibration_error([0.0, 0.1, 0.3, 0.35, 0.7, 1.0], [0, 1, 0, 1, 1, 1]) == pytest.approx((0.9 + 2 * 0.175 + 0.3) / 6)


@given(both, bins)
def test_the_calibration_error_is_its_definition(rows, number):
    probabilities, truths = columns(rows)
    place = np.array([sum(p >= edge / number for edge in range(1, number)) for p in probabilities])
    parts = [abs(truths[place == k].sum() - probabilities[place == k].sum()) for k in range(number)]
    assert expected_calibration_error(probabilities, truths, number) == pytest.approx(sum(parts) / len(truths))


@given(both, bins)
def test_bins_hide_errors_and_make_none(rows, number):
    probabilities, truths = columns(rows)
    error = expected_calibration_error(probabilities, truths, number)
    assert abs(probabilities.mean() - truths.mean()) - 1e-9 <= error <= np.abs(probabilities - truths).mean() + 1e-9
    assert error**2 <= brier(probabilities, truths) + 1e-9


def test_there_is_a_bin():
    with pytest.raises(ValueError, match="expected at least one bin, got 0"):
        reliability([0.1, 0.9], [0, 1], bins=0)


ODDS = np.repeat(np.log([k / (10 - k) for k in range(1, 10)]), 10)
HAPPENED = np.concatenate([np.arange(10) < k for k in range(1, 10)])
"""Nine groups of ten, of which one to nine are true: their log-odds are the best logits there are."""


@given(st.floats(0.1, 15))
def test_a_known_temperature_is_found(temperature):
    found = fit_temperature(temperature * ODDS, HAPPENED)
    assert (found.temperature, found.bias) == (pytest.approx(temperature, rel=1e-4), 0)
    np.testing.assert_allclose(found.probabilities(temperature * ODDS), 1 / (1 + np.exp(-ODDS)), rtol=1e-3)


@given(st.floats(0.1, 15), st.floats(-4, 4))
def test_a_known_bias_is_found(temperature, bias):
    found = fit_temperature(temperature * (ODDS - bias), HAPPENED, bias=True)
    assert found.temperature == pytest.approx(temperature, rel=1e-3)
    assert found.bias == pytest.approx(bias, abs=1e-3)
    assert found.probabilities(temperature * (ODDS - bias)).mean() == pytest.approx(HAPPENED.mean())


@given(both, st.booleans())
def test_calibration_never_raises_the_log_loss_and_keeps_the_order(rows, bias):
    probabilities, truths = columns(rows)
    logits = 6 * probabilities - 3
    found = fit_temperature(logits, truths, bias=bias)
    loss, before = (
        np.mean(np.logaddexp(0, np.where(truths, -scaled, scaled))) for scaled in (logits / found.temperature + found.bias, logits)
    )
    assert loss <= before + 1e-9
    assert 0.05 <= found.temperature <= 20
    assert np.all(np.diff(found.probabilities(np.sort(logits))) >= 0)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e6])
def test_data_that_a_threshold_separates_have_a_bounded_temperature(bias, size):
    found = fit_temperature([-2 * size, -size, size, 3 * size], [0, 0, 1, 1], bias=bias)
    assert 0.05 <= found.temperature <= 20
    assert np.isfinite(found.bias)
    if size == 1:
        assert found.temperature < 0.1
    wrong = fit_temperature([2.0, 1.0, -1.0], [0, 0, 1], bias=bias)
    assert wrong.temperature == pytest.approx(20, rel=1e-3)
    flat = fit_temperature([0.0, 0.0, 0.0], [0, 0, 1], bias=True)
    assert flat.bias == pytest.approx(np.log(0.5))


def test_bounds_rise():
    with pytest.raises(ValueError, match="expected positive, rising bounds"):
        fit_temperature([0.1, 0.9], [0, 1], bounds=(2.0, 1.0))


@pytest.mark.parametrize("function", EVERY)
@pytest.mark.parametrize(
    ("probabilities", "truths", "message"),
    [
        ([], [], "expected as many probabilities as truths, and at least one"),
        ([0.5], [0, 1], "expected as many probabilities as truths"),
        ([[0.5, 0.6]], [[0, 1]], "expected as many probabilities as truths"),
        ([0.5, 0.6], [1, 1], "expected truths of both classes, got 2 of 1"),
        ([0.5, 0.6], [False, False], "expected truths of both classes, got 2 of 0"),
        ([0.5, 0.6], [0, 2], "expected truths of 0 and 1"),
        ([0.5, float("nan")], [0, 1], "expected"),
    ],
)
def test_what_says_nothing_is_refused(function, probabilities, truths, message):
    with pytest.raises(ValueError, match=message):
        function(probabilities, truths)


@pytest.mark.parametrize("function", [choose_threshold, brier, reliability, expected_calibration_error])
def test_logits_are_no_probabilities(function):
    with pytest.raises(ValueError, match="expected probabilities from 0 to 1"):
        function([-0.5, 0.6], [0, 1])


def test_the_calibration_error_of_many_classes_is_that_of_the_answer():
    rows = [[0.85, 0.1, 0.05], [0.1, 0.85, 0.05], [0.2, 0.35, 0.45], [0.45, 0.1, 0.45]]
    classes = [0, 2, 2, 0]  # one of two right at 0.85, both at 0.45 (of equal ones the first is the answer)
    assert confidence_calibration_error(rows, classes) == pytest.approx((abs(0.5 - 0.85) + abs(1.0 - 0.45)) / 2)
    found = confidence_reliability(rows, classes)
    assert found.counts.tolist() == [0, 0, 0, 0, 2, 0, 0, 0, 2, 0]
    assert (found.shares[4], found.shares[8]) == (1.0, 0.5)
    assert confidence_calibration_error([[0.0, 1.0]], [1]) == 0  # unlike the errors of yes and no, all may be right


@pytest.mark.parametrize(
    ("rows", "classes", "message"),
    [
        ([0.5, 0.5], [0, 1], "a class for each row"),
        ([[0.5, 0.5]], [0, 1], "a class for each row"),
        (np.empty((0, 2)), [], "at least one"),
        ([[1.5, -0.5]], [0], "from 0 to 1"),
        ([[float("nan"), 0.5]], [0], "from 0 to 1"),
        ([[0.5, 0.5]], [2], "classes from 0 to 1"),
    ],
)
def test_what_has_no_calibration_of_many_classes(rows, classes, message):
    with pytest.raises(ValueError, match=message):
        confidence_calibration_error(rows, classes)
