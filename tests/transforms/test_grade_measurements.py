"""A grade's probabilities as measurements."""

import pytest

from msk_monai.transforms.grade_measurements import grade_measurements


def test_the_most_probable_grade_its_interval_and_the_mean():
    grade, mean = grade_measurements("left_", "grade", (0.04, 0.2, 0.5, 0.25, 0.01), ("doubtful",))
    assert (grade.name, grade.value, grade.unit, grade.flags) == ("left_grade", 2, "{grade}", ("doubtful",))
    assert (grade.lower, grade.upper, grade.confidence_level) == (1, 3, 0.9)
    assert (mean.name, mean.unit, mean.flags) == ("left_expected_grade", "{grade}", ("doubtful",))
    assert mean.value == pytest.approx(1.99)


def test_the_method_names_the_grades_there_are():
    assert grade_measurements("", "stage", (0.2, 0.8), ())[0].method == "most probable of the grades 0 to 1"
