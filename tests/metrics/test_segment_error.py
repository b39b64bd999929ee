"""Errors of the angle and the interval between two vertebrae."""

import numpy as np
import pytest

from msk_monai.errors import DataError
from msk_monai.metrics import Pair, SegmentError
from tests.metrics.films import GAP, HEIGHT, measured, truth

KNOWN = {"l4_l5": {"angle_deg": 5.0, "interval_mean_mm": 8.0}}
ANSWER = measured(l4_l5_angle=(6.0, "deg"), l4_l5_interval_mean=(9.0, "mm"), l4_l5_interval_share=(0.3, "1"))


def test_against_known_values():
    assert SegmentError()(ANSWER, KNOWN) == {
        "angle_given": True,
        "angle_over_45": False,
        "l4_l5_angle": Pair(6.0, 5.0, "deg"),
        "l4_l5_interval_mean": Pair(9.0, 8.0, "mm"),
    }


def test_against_points():
    points = [[x, y + (x - 10) * np.tan(np.radians(8)) * (number >= 8)] for number, (x, y) in enumerate(truth()["points"])]
    share = (GAP + 15 * np.tan(np.radians(8))) / HEIGHT
    figures = SegmentError()(ANSWER, truth(points=points))
    assert figures["l4_l5_angle"] == Pair(6.0, pytest.approx(8.0), "deg")
    assert figures["l4_l5_interval_share"] == Pair(0.3, pytest.approx(share, rel=0.02), "1")
    assert "l4_l5_interval_mean" not in figures  # no spacing, no mm


def test_the_spacing_of_each_axis_counts():
    figures = SegmentError()(ANSWER, truth(spacing_mm=[0.4, 0.2]))
    assert figures["l4_l5_interval_mean"] == Pair(9.0, pytest.approx(0.2 * GAP), "mm")


def test_labels_that_cannot_be_neighbours_give_no_interval():
    points = truth()["points"]
    upside_down = truth(points=[*points[:8], *points[:4]], spacing_mm=1.0)  # L5 is L3 once more
    figures = SegmentError()(ANSWER, upside_down)
    assert figures["label_implausible"] is True
    assert figures["l4_l5_angle"] == Pair(6.0, 0.0, "deg")
    assert not any("interval" in name for name in figures)
    credible = SegmentError()(ANSWER, truth(spacing_mm=1.0))
    assert credible["label_implausible"] is False
    assert {"l4_l5_interval_mean", "l4_l5_interval_share"} <= credible.keys()


def test_lengths_in_pixels_are_not_taken_for_mm():
    in_pixels = measured(l4_l5_angle=(6.0, "deg"), l4_l5_interval_mean=(9.0, "{pixels}"))
    assert "l4_l5_interval_mean" not in SegmentError()(in_pixels, KNOWN)


def test_what_is_given_goes_before_what_is_measured():
    known = {"angle_deg": 4.0, "signed_angle_deg": None, "distance": 11.0, "distance_unit": "mm"}
    figures = SegmentError()(ANSWER, truth(l4_l5=known, spacing_mm=0.5))
    assert figures["l4_l5_angle"] == Pair(6.0, 4.0, "deg")
    assert figures["l4_l5_interval_mean"] == Pair(9.0, 11.0, "mm")
    assert figures["l4_l5_interval_share"] == Pair(0.3, pytest.approx(GAP / HEIGHT), "1")
    in_pixels = {"l4_l5": {"angle_deg": 4.0, "distance": 11.0, "distance_unit": "px"}}
    assert "l4_l5_interval_mean" not in SegmentError()(ANSWER, in_pixels)


def test_other_segments():
    figures = SegmentError(upper="L3", lower="L4")(measured(l3_l4_angle=(2.0, "deg")), truth())
    assert figures["l3_l4_angle"] == Pair(2.0, 0.0, "deg")


def test_no_answer_and_an_impossible_one():
    assert SegmentError()(measured(l4_l5_angle=(None, "deg")), KNOWN) == {"angle_given": False}
    assert SegmentError()(measured(l4_l5_angle=(85.0, "deg")), KNOWN)["angle_over_45"] is True


@pytest.mark.parametrize("absent", [{"l4_l5": None}, truth(points=[*truth()["points"][:11], None])])
def test_absence(absent):
    assert SegmentError()(measured(), absent) == {"absence_recognised": True}
    assert SegmentError()(ANSWER, absent) == {"absence_recognised": False}


@pytest.mark.parametrize(("angle", "doubtful"), [(19.9, False), (20.0, True), (-30.0, True)])
def test_labels_that_are_not_credible_give_no_pairs(angle, doubtful):
    figures = SegmentError(max_true_angle=20)(ANSWER, {"l4_l5": {"angle_deg": angle}})
    assert figures["label_not_credible"] is doubtful
    assert ("l4_l5_angle" in figures) is not doubtful
    assert figures["angle_given"] is True


def test_a_datalist_without_the_segment():
    with pytest.raises(DataError, match="expected l2_l3, or points of L2 and L3"):
        SegmentError(upper="L2", lower="L3")(ANSWER, truth())
