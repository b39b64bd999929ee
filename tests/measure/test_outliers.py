import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.measure.outliers import outliers

STEADY = [10.0, 10.4, 9.8, 10.1, 9.9, 10.2, 10.3, 9.7, 10.0, 10.1]


def test_the_limits_are_those_of_the_modified_z_score():
    found = outliers([*range(1, 12)])  # median 6, median absolute deviation 3
    assert found.lower == pytest.approx(6 - 3.5 * 3 / 0.6745)
    assert found.upper == pytest.approx(6 + 3.5 * 3 / 0.6745)
    assert not found.is_outlier.any()


def test_a_far_value_is_told_and_does_not_hide_another():
    found = outliers([*STEADY, *STEADY, 14.0, 1e9])  # a rule by mean and standard deviation would not see the 14
    assert found.is_outlier.nonzero()[0].tolist() == [20, 21]


@pytest.mark.parametrize("values", [[], [1.0, 2.0, 900.0], [3.0] * 20 + [4.0] * 5], ids=["none", "few", "mostly the same"])
def test_where_the_rule_says_nothing_no_value_is_an_outlier(values):
    found = outliers(values)
    assert (found.lower, found.upper, found.named) == (None, None, False)
    assert not found.is_outlier.any()


def test_what_is_common_is_counted_but_no_outlier():
    found = outliers([*STEADY, *STEADY, *[0.0] * 4])
    assert found.beyond.sum() == 4
    assert not found.is_outlier.any()


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="values must be finite"):
        outliers([1.0, float("nan")])


@given(
    st.lists(st.integers(-1000, 1000), min_size=10, max_size=40),
    st.sampled_from([-4.0, -1.0, 0.5, 8.0]),
    st.integers(-1000, 1000),
)
def test_unit_sign_and_origin_do_not_matter(values, scale, shift):
    x = np.array(values, dtype=float)
    # whole numbers and powers of two are exact: the same values stay beyond, even beside the limit
    assert np.array_equal(outliers(x).beyond, outliers(scale * (x + shift)).beyond)
