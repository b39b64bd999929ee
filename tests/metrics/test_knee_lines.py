"""Lines of a knee against the true ones."""

import numpy as np
import pytest

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.metrics import KneeLines, Pair, Pairs, Share
from msk_monai.records import Findings, Landmark, Measurement, Status
from tests.knees import KNEE, MIRROR, opened
from tests.results import result

RIGHT, LEFT = np.add(KNEE, (100, 50)), KNEE * MIRROR * 1.1 + (300, 60)


def names(*sides):
    return [side + name for side in sides for name in POINTS]


def truth(points=RIGHT, sides=("",), **changes):
    return {"landmark_names": names(*sides), "points": [list(map(float, point)) for point in points], **changes}


def found(points=RIGHT, sides=("",), measurements=()):
    landmarks = tuple(Landmark(name=name, x=p[0], y=p[1]) for name, p in zip(names(*sides), points, strict=True))
    return result("a", findings=Findings(landmarks=landmarks, measurements=measurements))


def pair(figure):
    (one,) = figure.pairs
    return one


def test_lines_are_compared_in_millimetres_of_the_true_spacing():
    figures = KneeLines()(found(np.add(opened(10.0), (7, 7))), truth(spacing_mm=[0.5, 0.5]))
    assert figures["knees_found"] == Share(1, 1)
    assert pair(figures["tibial_plateau_width"]) == Pair(pytest.approx(39), pytest.approx(39), "mm")
    assert pair(figures["femoral_condylar_width"]) == Pair(pytest.approx(40), pytest.approx(40), "mm")
    assert pair(figures["lateral_joint_space"]).true == pytest.approx(3)
    assert pair(figures["lateral_joint_space"]).predicted > 5
    assert pair(figures["convergence_angle"]) == Pair(pytest.approx(10), pytest.approx(0, abs=1e-9), "deg")
    assert pair(figures["joint_space_ratio"]).unit == "1"
    assert pair(figures["joint_space_ratio"]).true == pytest.approx(1)
    assert not any(name.endswith("_reported") for name in figures)


def test_each_axis_has_its_own_spacing():
    figures = KneeLines()(found(), truth(spacing_mm=[0.5, 0.25]))
    assert pair(figures["tibial_plateau_width"]).true == pytest.approx(39)
    assert pair(figures["medial_joint_space"]).true == pytest.approx(1.5)


def test_lines_are_compared_in_pixels_where_the_spacing_is_not_known():
    figures = KneeLines()(found(), truth())
    assert pair(figures["tibial_plateau_width_px"]) == Pair(pytest.approx(78), pytest.approx(78), "{pixels}")
    assert set(figures) == {"knees_found", *(f"{line}_px" for line in LINES), "convergence_angle", "joint_space_ratio"}


def test_both_knees_of_a_film_give_pairs_in_the_same_order_always():
    both, sides = [*RIGHT, *LEFT], ("right_", "left_")
    figures = KneeLines()(found(both, sides), truth(both, sides, spacing_mm=1.0))
    assert figures["knees_found"] == Share(2, 2)
    assert [p.true for p in figures["femoral_condylar_width"].pairs] == pytest.approx([80, 88])
    assert [p.predicted for p in figures["medial_joint_space"].pairs] == pytest.approx([6, 6.6])


def test_a_knee_that_was_not_found_is_counted_and_not_compared():
    both, sides = [*RIGHT, *LEFT], ("right_", "left_")
    figures = KneeLines()(found(RIGHT, ("right_",)), truth(both, sides))
    assert figures["knees_found"] == Share(1, 2)
    assert len(figures["femoral_condylar_width_px"].pairs) == 1
    assert KneeLines()(result("a", findings=Findings(status=Status.FLAGGED)), truth(both, sides)) == {"knees_found": Share(0, 2)}


def test_a_knee_of_which_a_line_is_not_known_is_not_compared():
    points = truth()
    points["points"][POINTS.index("femur_2")] = None
    assert KneeLines()(found(), points) == {"knees_found": Share(0, 0)}


def test_a_knee_of_which_another_point_is_not_known_is_compared():
    points = truth()
    points["points"][POINTS.index("femur_4")] = None
    assert KneeLines()(found(), points) == KneeLines()(found(), truth())


def reported(value, *flags, name="medial_joint_space", unit="mm"):
    return (Measurement(name=name, value=value, unit=unit, flags=flags),)


def test_lengths_that_the_result_gives_are_compared_too():
    figures = KneeLines()(found(measurements=reported(2.5, "right knee")), truth(spacing_mm=0.5))
    assert pair(figures["medial_joint_space_reported"]) == Pair(2.5, pytest.approx(3), "mm")
    assert "lateral_joint_space_reported" not in figures
    sides = ("left_",)
    figures = KneeLines()(found(LEFT, sides, reported(2.5, name="left_medial_joint_space")), truth(LEFT, sides, spacing_mm=0.5))
    assert pair(figures["medial_joint_space_reported"]) == Pair(2.5, pytest.approx(3.3), "mm")


@pytest.mark.parametrize(
    "measurements",
    [
        reported(2.5, unit="{pixels}"),
        reported(None),
        reported(2.5, "right knee", "millimetres are at the detector plane: the magnification is unknown"),
        reported(2.5, "millimetres are uncalibrated: nothing says at which plane the pixel spacing holds"),
        reported(2.5, "millimetres are those of the scanned film"),
    ],
)
def test_lengths_that_are_not_the_patients_millimetres_are_left_out(measurements):
    assert "medial_joint_space_reported" not in KneeLines()(found(measurements=measurements), truth(spacing_mm=0.5))


def test_reported_lengths_need_a_true_spacing():
    assert "medial_joint_space_reported" not in KneeLines()(found(measurements=reported(2.5)), truth())


def test_points_that_fall_into_one_are_no_knee_found():
    points = RIGHT.copy()
    points[5] = points[1]
    assert KneeLines()(found(points), truth()) == {"knees_found": Share(0, 1)}


def test_several_pairs_are_a_figure():
    figures = KneeLines()(found(), truth())
    assert all(isinstance(figure, Pairs) for name, figure in figures.items() if name != "knees_found")
