"""Grades of a case."""

import pytest

from msk_monai.metrics import Grades
from msk_monai.metrics.figure import cells

SURE, TORN = (0.1, 0.7, 0.2), (0.4, 0.2, 0.4)


def test_the_most_probable_grade_is_said_the_least_of_equal_ones():
    grades = Grades((SURE, TORN), (1, 2), ("right", "left"))
    assert grades.said == (1, 0)
    assert grades.expected == pytest.approx((1.1, 1.0))


def test_each_name_has_columns_of_its_own():
    assert cells("grade", Grades((SURE, TORN), (0, 2), ("right", "left"))) == {
        "grade_right_grade": 1,
        "grade_right_true": 0,
        "grade_right_expected": pytest.approx(1.1),
        "grade_left_grade": 0,
        "grade_left_true": 2,
        "grade_left_expected": pytest.approx(1.0),
    }
    assert cells("kl", Grades((SURE,), (2,))) == {"kl_grade": 1, "kl_true": 2, "kl_expected": pytest.approx(1.1)}
    assert cells("kl", Grades((), ())) == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((SURE,), ()), "a truth for each of 1 rows of probabilities, got 0"),
        (((SURE, TORN), (0, 1)), "a name for each of 2 rows of probabilities, got 0"),
        (((SURE,), (0,), ("right", "left")), "a name for each of 1 rows of probabilities, got 2"),
        (((SURE, (0.5, 0.5)), (0, 1), ("a", "b")), "all as many, got 2, 3"),
        ((((1.0,),), (0,)), "rows of at least 2 probabilities"),
        ((((0.5, 0.4),), (0,)), "together 1"),
        ((((1.5, -0.5),), (0,)), "from 0 to 1, together 1"),
        ((((float("nan"), 0.5),), (0,)), "from 0 to 1, together 1"),
        (((SURE,), (3,)), "grades from 0 to 2, got 3"),
        (((SURE,), (-1,)), "grades from 0 to 2, got -1"),
    ],
)
def test_what_are_no_grades(arguments, message):
    with pytest.raises(ValueError, match=message):
        Grades(*arguments)
