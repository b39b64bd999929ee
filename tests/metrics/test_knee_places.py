"""Where knees were found on bone scans, against where they are."""

import pytest

from msk_monai.errors import DataError
from msk_monai.metrics import KneePlaces, Share, Values
from msk_monai.records import Findings, Landmark, Measurement, Status
from tests.results import result

METRIC = KneePlaces()
KNEES = {"right": {"anterior": [80, 600], "posterior": [175, 600]}, "left": {"anterior": [170, 610], "posterior": [85, 610]}}


def found(*, off=(0.0, 0.0), views=("anterior", "posterior"), side_px=90.0):
    marks = [
        Landmark(name=f"{side}_knee_{view}", x=KNEES[side][view][0] + off[0] * (side == "left"), y=KNEES[side][view][1] + off[1])
        for side in KNEES
        for view in views
    ]
    side = Measurement(name="crop_side", value=side_px, unit="{pixels}")
    return result("a", findings=Findings(landmarks=tuple(marks), measurements=(side,)))


def test_knees_in_the_middle_of_their_crops():
    figures = METRIC(found(), {"knees": KNEES, "half_width": {"right": 20, "left": 45}, "spacing_mm": [2.25, 2.25]})
    assert figures == {"knee_in_crop": Share(2, 2), "knee_place_mm": Values((0.0, 0.0), ("right", "left"))}


@pytest.mark.parametrize(("off", "inside"), [((25, 0), 2), ((26, 0), 1), ((-26, 0), 1), ((0, 26), 0), ((0, -25), 2)])
def test_a_joint_must_lie_wholly_in_its_crop(off, inside):
    assert METRIC(found(off=off), {"knees": KNEES, "half_width": {"right": 20, "left": 20}})["knee_in_crop"] == Share(inside, 2)


def test_distances_follow_the_spacing_of_both_axes():
    figures = METRIC(found(off=(3, 4)), {"knees": KNEES, "spacing_mm": [2.0, 1.0]})
    assert figures["knee_place_mm"].values == pytest.approx((4.0, 52**0.5))
    assert "knee_place_mm" not in METRIC(found(off=(3, 4)), {"knees": KNEES})


def test_one_view_is_compared_alone():
    assert METRIC(found(views=("posterior",)), {"knees": KNEES})["knee_in_crop"] == Share(2, 2)


@pytest.mark.parametrize("findings", [Findings(status=Status.FLAGGED, reason="the knees were not found"), Findings()])
def test_knees_that_were_not_found_are_in_no_crop(findings):
    assert METRIC(result("a", findings=findings), {"knees": KNEES, "spacing_mm": 2.25}) == {"knee_in_crop": Share(0, 2)}


def test_without_true_places_nothing_is_compared():
    assert METRIC(found(), {"grades": {"right": 1}}) == {}


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ({"knees": [1, 2]}, "expected knees and half_width by side"),
        ({"knees": {"middle": {}}}, "expected knees and half_width by side"),
        ({"knees": KNEES, "half_width": 20}, "expected knees and half_width by side"),
        ({"knees": KNEES, "half_width": {"right": "wide"}}, "expected half_width of the right knee in pixels, got 'wide'"),
        ({"knees": {"right": [80, 600]}}, "expected the place of each of the knees by view"),
        ({"knees": {"right": {"lateral": [80, 600]}}}, "expected the place of each of the knees by view"),
        ({"knees": {"right": {"anterior": [80]}}}, r"expected \[column, row\] of the right knee, got \[80\]"),
        ({"knees": {"right": {"anterior": [80, None]}}}, r"expected \[column, row\] of the right knee"),
        ({"knees": KNEES, "spacing_mm": [1, 2, 3]}, "expected spacing_mm"),
    ],
)
def test_another_truth_is_a_data_error(truth, message):
    with pytest.raises(DataError, match=message):
        METRIC(found(), truth)
