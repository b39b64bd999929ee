"""Statistics of predicted against true values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from msk_monai.measure.agreement import agreement, icc_2_1, r_squared, smape

SHROUT_AND_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
"""Table 2 of doi:10.1037/0033-2909.86.2.420."""

values = arrays(np.float64, st.integers(3, 12), elements=st.floats(0, 90).map(lambda value: round(value, 2)))


def test_the_icc_of_the_paper_that_defined_it():
    assert icc_2_1(SHROUT_AND_FLEISS) == pytest.approx(0.2898, abs=5e-5)


def test_judges_who_differ_by_a_constant_correlate_but_do_not_agree():
    found = agreement([11.0, 12.0, 13.0], [1.0, 2.0, 3.0])
    assert found.pearson == pytest.approx(1.0)
    assert found.r2 == -149.0  # 1 - 300 / 2
    assert found.icc == pytest.approx(1 / 51)  # between 2, error 0, judges 150: 2 / (2 + 2 * 150 / 3)
    assert (found.bias, found.sd) == (10.0, 0.0)


def test_errors_and_limits_worked_out_by_hand():
    found = agreement([4.0, 8.0, 6.0, 10.0], [5.0, 6.0, 6.0, 7.0])  # differences -1, 2, 0, 3
    assert (found.n, found.mae, found.median_error, found.max_error, found.bias) == (4, 1.5, 1.5, 3.0, 1.0)
    sd = np.sqrt(10 / 3)
    assert found.sd == pytest.approx(sd)
    assert (found.loa_lower, found.loa_upper) == pytest.approx((1 - 1.96 * sd, 1 + 1.96 * sd))
    assert found.r2 == pytest.approx(1 - 14 / 2)
    assert found.pearson == pytest.approx(6 / np.sqrt(20 * 2))
    assert found.smape == pytest.approx(100 * 6 / 52)


def test_what_one_pair_and_constants_do_not_allow():
    one = agreement([1.0], [2.0])
    assert (one.mae, one.sd, one.loa_lower, one.loa_upper, one.r2, one.pearson, one.icc) == (1.0, None, None, None, None, None, None)
    same = agreement([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])  # 0.1 three times: the mean is not quite 0.1
    assert (same.r2, same.pearson) == (None, None)
    assert agreement([0.1] * 3, [0.1] * 3).icc is None


def test_smape_takes_no_signed_values_and_no_zeros():
    assert smape([-1.0, 3.0], [1.0, 3.0]) is None
    assert smape([0.0], [0.0]) is None
    assert smape([0.0], [1.0]) == 100.0


@given(values, values)
def test_perfect_answers_are_perfect_and_no_answers_are_better(true, other):
    found = agreement(true, true)
    assert (found.mae, found.max_error, found.bias, found.sd) == (0, 0, 0, 0)
    if np.ptp(true):
        assert (found.r2, found.icc, found.pearson) == pytest.approx((1, 1, 1))
    if len(other) == len(true) and np.ptp(true):
        assert r_squared(other, true) <= 1
        assert icc_2_1(np.stack([other, true], axis=1)) <= 1 + 1e-9


@given(values, st.floats(0.1, 10))
def test_agreement_does_not_depend_on_the_unit(true, scale):
    predicted = true[::-1] + 1.0
    one, other = agreement(predicted, true), agreement(scale * predicted, scale * true)
    assert (scale * one.mae, scale * one.sd, scale * one.loa_upper) == pytest.approx((other.mae, other.sd, other.loa_upper), abs=1e-9)
    assert one.smape == pytest.approx(other.smape)
    if np.ptp(true):
        assert (one.r2, one.icc, one.pearson) == pytest.approx((other.r2, other.icc, other.pearson))


@pytest.mark.parametrize(("predicted", "true"), [([], []), ([1.0], [1.0, 2.0]), ([[1.0]], [[1.0]])])
def test_what_are_no_pairs(predicted, true):
    with pytest.raises(ValueError, match="expected as many predicted as true values"):
        agreement(predicted, true)


def test_a_table_has_two_dimensions():
    with pytest.raises(ValueError, match="expected a table"):
        icc_2_1([1.0, 2.0])
    assert icc_2_1([[1.0, 2.0]]) is None
