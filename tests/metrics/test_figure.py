"""Kinds of figures, and their columns in a table of cases."""

import pytest

from msk_monai.metrics import Graded, Pair, Pairs, Scores, Share, Values
from msk_monai.metrics.figure import cells


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (1.5, {"a": 1.5}),
        (True, {"a": True}),
        (Pair(1.0, 2.0, "mm"), {"a_predicted": 1.0, "a_true": 2.0}),
        (Share(3, 4), {"a_count": 3, "a_total": 4}),
        (Values((1.0, 7.0, 2.0)), {"a_max": 7.0}),
        (Values(()), {}),
        (Pairs((Pair(1.0, 2.0), Pair(7.0, 2.5), Pair(3.0, 3.0))), {"a_max": 4.5}),
        (Pairs(()), {}),
        (Graded((1.0, 2.0), (0.5, 0.6)), {}),
        (Scores((0.5, 0.4, 0.9), (True, True, False), 0.5), {"a_right": 1, "a_total": 3}),
        (
            Scores((0.5,), (True,), 0.5, ("l4_l5",)),
            {"a_right": 1, "a_total": 1, "a_l4_l5_probability": 0.5, "a_l4_l5_true": 1},
        ),
        (Scores((), (), 0.5), {}),
    ],
)
def test_columns(figure, expected):
    assert cells("a", figure) == expected


@pytest.mark.parametrize(("count", "total"), [(-1, 3), (4, 3)])
def test_a_share_is_a_part(count, total):
    with pytest.raises(ValueError, match="expected 0 <= count <= total"):
        Share(count, total)


def test_names_go_with_values():
    with pytest.raises(ValueError, match="expected a name for each of 2 values, got 1"):
        Values((1.0, 2.0), ("a",))


def test_confidences_go_with_errors():
    with pytest.raises(ValueError, match="expected a confidence for each of 2 errors, got 1"):
        Graded((1.0, 2.0), (0.5,))
