"""Distances between points."""

import pytest

from msk_monai.errors import DataError
from msk_monai.metrics import Graded, LandmarkError, Share, Values
from msk_monai.records import Findings, Landmark, Status
from tests.results import result

TRUTH = {"landmark_names": ["a", "b", "c", "d"], "points": [[0, 0], [10, 0], [0, 10], None]}


def found(**points):
    return result("x", findings=Findings(landmarks=tuple(Landmark(name=n, x=x, y=y) for n, (x, y) in points.items())))


ANSWER = found(a=(3, 4), b=(10, 1), c=(0, 10), d=(7, 7))


def test_distances_in_pixels():
    assert LandmarkError()(ANSWER, TRUTH) == {
        "missing_points": Share(0, 3),
        "radial_error_px": 2.0,
        "radial_error_px_median": 1.0,
        "point_error_px": Values((5.0, 1.0, 0.0), ("a", "b", "c")),
    }


def test_distances_in_mm_follow_the_spacing_of_each_axis():
    figures = LandmarkError()(ANSWER, {**TRUTH, "spacing_mm": [1.0, 0.5]})
    assert figures["point_error_mm"] == Values((pytest.approx(13**0.5), 0.5, 0.0), ("a", "b", "c"))
    assert figures["radial_error_px"] == 2.0
    assert [figures[f"sdr_{radius}mm"] for radius in ("1", "2", "2.5", "3", "4")] == [Share(2, 3)] * 4 + [Share(3, 3)]


def test_a_missing_point_is_counted_and_no_success():
    figures = LandmarkError()(found(a=(3, 4)), {**TRUTH, "spacing_mm": 1.0})
    assert figures["missing_points"] == Share(2, 3)
    assert figures["radial_error_px"] == 5.0
    assert figures["sdr_4mm"] == Share(0, 3)
    failed = LandmarkError()(result("x", findings=Findings(status=Status.FAILED)), {**TRUTH, "spacing_mm": 1.0})
    assert failed["missing_points"] == Share(3, 3)
    assert failed["sdr_4mm"] == Share(0, 3)
    assert not any("error" in name for name in failed)


def test_only_some_points():
    figures = LandmarkError(landmarks=["a", "d"])(ANSWER, TRUTH)
    assert figures["point_error_px"] == Values((5.0,), ("a",))
    with pytest.raises(DataError, match="expected e among"):
        LandmarkError(landmarks=["e"])(ANSWER, TRUTH)


def test_a_finer_radius_is_in_millimetres_too():
    figures = LandmarkError()(found(a=(0, 3.9), b=(10, 4.1), c=(0, 14)), {**TRUTH, "spacing_mm": 0.25})
    assert figures["sdr_1mm"] == Share(2, 3)
    assert figures["sdr_2mm"] == Share(3, 3)


def confident(**points):
    landmarks = tuple(Landmark(name=n, x=x, y=y, confidence=sure) for n, (x, y, sure) in points.items())
    return result("x", findings=Findings(landmarks=landmarks))


def test_errors_are_set_against_the_confidences():
    answer = confident(a=(3, 4, 0.2), b=(10, 1, 0.9), c=(0, 10, None))
    assert LandmarkError()(answer, TRUTH)["error_px_by_confidence"] == Graded((5.0, 1.0), (0.2, 0.9))
    in_mm = LandmarkError()(answer, {**TRUTH, "spacing_mm": [1.0, 0.5]})["error_mm_by_confidence"]
    assert in_mm == Graded((pytest.approx(13**0.5), 0.5), (0.2, 0.9))


def test_points_that_were_only_placed_have_no_error_and_no_confidence():
    figures = LandmarkError()(confident(a=(3, 4, 0.0), b=(10, 1, 0.9)), TRUTH)
    assert figures["error_px_by_confidence"] == Graded((1.0,), (0.9,))
    assert figures["missing_points"] == Share(2, 3)


def test_landmarks_without_confidences_are_not_graded():
    assert "error_px_by_confidence" not in LandmarkError()(ANSWER, TRUTH)
