"""Scores of a case."""

import pytest

from msk_monai.metrics import Scores


def test_what_is_not_below_the_threshold_says_yes():
    assert Scores((0.5, 0.49, 0.7, 0.1), (True, True, False, False), 0.5).right == 2
    assert Scores((), (), 0.5).right == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (((0.5,), (True, False), 0.5), "expected a truth for each of 1 probabilities, got 2"),
        (((0.5,), (True,), 0.5, ("a", "b")), "expected a name for each of 1 probabilities, got 2"),
        (((0.5,), (True,), 1.5), "expected a threshold from 0 to 1, got 1.5"),
        (((0.5,), (True,), float("nan")), "expected a threshold from 0 to 1, got nan"),
        (((0.5, -2.0), (True, True), 0.5), "expected probabilities from 0 to 1, got 0.5, -2.0"),
    ],
)
def test_what_does_not_fit(values, message):
    with pytest.raises(ValueError, match=message):
        Scores(*values)


def test_a_probability_may_be_unknown():
    assert Scores((float("nan"),), (True,), 0.5).right == 0
