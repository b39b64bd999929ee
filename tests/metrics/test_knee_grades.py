"""Grades of knees against what is known of them."""

import pytest

from msk_monai.errors import DataError
from msk_monai.metrics import Grades, KneeGrades, Share
from msk_monai.records import Findings, Status
from tests.results import result

METRIC = KneeGrades()
ONE, OTHER = (0.1, 0.2, 0.4, 0.2, 0.1), (0.6, 0.3, 0.1, 0.0, 0.0)


def found(case="a", **rows):
    """Classes by the prefix of their names."""
    return result(case, findings=Findings(classes={prefix + str(k): value for prefix, row in rows.items() for k, value in enumerate(row)}))


def single(case="a", row=ONE):
    return found(case, **{"": row})


def test_one_knee_has_one_label():
    assert METRIC(single(), {"label": 3}) == {"grade": Grades((ONE,), (3,)), "grade_given": Share(1, 1)}


def test_two_knees_are_compared_by_side():
    figures = METRIC(found(left_=OTHER, right_=ONE), {"grades": {"left": 0, "right": 2}})
    assert figures == {"grade": Grades((ONE, OTHER), (2, 0), ("right", "left")), "grade_given": Share(2, 2)}


@pytest.mark.parametrize("unknown", [{"right": 2, "left": None}, {"right": 2, "left": -1}, {"right": 2}])
def test_a_side_that_is_not_known_is_not_compared(unknown):
    expected = {"grade": Grades((ONE,), (2,), ("right",)), "grade_given": Share(1, 1)}
    assert METRIC(found(left_=OTHER, right_=ONE), {"grades": unknown}) == expected
    assert METRIC(single(), {"grades": unknown}) == expected  # the only knee is the only one that is known


@pytest.mark.parametrize("label", [None, -1])
def test_a_label_that_is_not_known_asks_nothing(label):
    assert METRIC(single(), {"label": label}) == {"grade": Grades((), ()), "grade_given": Share(0, 0)}


@pytest.mark.parametrize(
    ("answer", "truth", "asked"),
    [
        (found(left_=OTHER, right_=ONE), {"label": 3}, 1),
        (single(), {"grades": {"left": 0, "right": 2}}, 2),
        (found(left_=OTHER), {"grades": {"right": 2}}, 1),
        (result("a", findings=Findings(status=Status.FAILED, reason="no")), {"label": 3}, 1),
        (single(row=ONE[:4]), {"label": 3}, 1),
        (single(row=(*ONE[:4], None)), {"label": 3}, 1),
        (single(row=(*ONE[:4], float("nan"))), {"label": 3}, 1),
    ],
)
def test_a_grade_without_an_answer_is_counted(answer, truth, asked):
    assert METRIC(answer, truth) == {"grade": Grades((), ()), "grade_given": Share(0, asked)}


def test_images_of_one_patient_are_a_group():
    def group(truth, case="images/9003126L.jpg", **options):
        return KneeGrades(**options)(single(case), {"label": 1, **truth})["grade"].group

    assert group({}) is None
    assert group({"case": 17}) == "17"
    assert group({"group": "b"}, patient=r"(\d{7})[LR]\.") == "b"
    assert group({}, patient=r"(\d{7})[LR]\.") == "9003126"
    assert group({}, case="b.png", patient=r"(\d{7})[LR]\.") is None


def test_grades_have_the_names_that_they_are_told():
    answer = result("a", findings=Findings(classes={"none": 0.75, "some": 0.25}))
    assert KneeGrades(grades=("none", "some"))(answer, {"label": 1})["grade"] == Grades(((0.75, 0.25),), (1,))


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ({}, "expected grades by side, or label, in the datalist"),
        ({"grades": {}}, "expected grades by side, or label"),
        ({"grades": [1, 2]}, "expected grades by side, or label"),
        ({"grades": {"R": 2}}, "expected grades of right and left, got R"),
        ({"grades": {"right": 5}}, "expected the grade of the right knee to be a whole number from 0 to 4, or -1 or null, got 5"),
        ({"label": "2"}, "expected label to be a whole number from 0 to 4, or -1 or null, got 2"),
        ({"label": 2.0}, r"got 2\.0"),
        ({"label": True}, "got True"),
        ({"label": -2}, "got -2"),
    ],
)
def test_truths_that_cannot_be_used(truth, message):
    with pytest.raises(DataError, match=message) as fault:
        METRIC(single(), truth)
    assert "\n" not in str(fault.value)
