"""Whether vertebrae are found where the vertebra of that name is."""

import pytest

from msk_monai.metrics import IdentificationRate, Share
from msk_monai.records import Findings, Status
from tests.metrics.films import GAP, HEIGHT, corners, found, truth
from tests.results import result

STEP = HEIGHT + GAP


def moved(x, y):
    return found([[px + x, py + y] for px, py in truth()["points"]])


def test_all_in_place():
    figures = IdentificationRate()(moved(3, -3), truth())
    errors = figures.pop("identified_point_error_px")
    assert errors.values == pytest.approx([18**0.5] * 12)
    assert figures == {"identified": Share(3, 3), "located": Share(3, 3), "all_identified": True}


def test_corners_of_identified_vertebrae_are_measured_in_mm_where_that_is_known():
    points = truth()["points"]
    points[:4] = [[x, y + STEP] for x, y in points[:4]]  # the first vertebra is called as the second one
    figures = IdentificationRate()(found([[x + 3, y] for x, y in points]), truth(spacing_mm=0.5))
    assert figures["identified_point_error_mm"].values == pytest.approx([1.5] * 8)
    assert "identified_point_error_px" not in figures
    assert "identified_point_error_px" not in IdentificationRate()(moved(0, STEP), truth())


def test_a_column_named_one_level_off_identifies_nothing_and_locates_all_it_reaches():
    figures = IdentificationRate()(moved(0, STEP), truth())
    assert (figures["identified"], figures["located"]) == (Share(0, 3), Share(2, 3))


@pytest.mark.parametrize(("shift", "count"), [(14, 3), (16, 1)])
def test_beyond_half_way_another_level_is_nearer(shift, count):
    figures = IdentificationRate()(moved(0, shift), truth())
    assert figures["identified"] == Share(count, 3)  # below the last there is no other


@pytest.mark.parametrize(
    ("spacing", "shift", "count"), [(None, 19, 3), (None, 21, 0), (0.5, 39, 3), (0.5, 41, 0), (2.0, 9, 3), (2.0, 11, 0), ([0.5, 9], 39, 3)]
)
def test_within_reach_to_the_side(spacing, shift, count):
    assert IdentificationRate()(moved(shift, 0), truth(spacing_mm=spacing))["identified"] == Share(count, 3)


def test_what_is_not_found_is_not_identified():
    points = truth()["points"]
    points[5] = None
    figures = IdentificationRate()(found(points), truth())
    assert len(figures.pop("identified_point_error_px").values) == 8
    assert figures == {"identified": Share(2, 3), "located": Share(2, 3), "all_identified": False}
    assert IdentificationRate()(result("a", findings=Findings(status=Status.FAILED)), truth())["identified"] == Share(0, 3)


def test_levels_asked_for_and_levels_in_the_film():
    assert IdentificationRate(levels=["L4", "T1"])(moved(0, 0), truth())["identified"] == Share(1, 1)
    absent = truth(points=[*corners(0), *[None] * 8])
    assert IdentificationRate()(moved(0, 0), absent)["identified"] == Share(1, 1)
    assert IdentificationRate(levels=["L4"])(moved(0, 0), absent) == {}
    assert IdentificationRate(levels=["L4"])(moved(0, 16), truth())["identified"] == Share(0, 1)  # L5, not asked for, is nearer
