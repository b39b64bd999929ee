"""Lines and angle of a knee."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.measure.knee import implausible, measure_knee
from tests.knees import KNEE, MIRROR, opened, turned

AT = {name: number for number, name in enumerate(POINTS)}


def found(seed):
    """The knee as it may be found: opened, its points some mm off."""
    random = np.random.default_rng(seed)
    return opened(random.uniform(-5, 12)) + random.normal(0, 0.8, (16, 2))


knees = st.builds(found, st.integers(0, 10**6))
shifts = st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000))


def numbers(points):
    knee = measure_knee(points)
    return [*knee.lines.values(), knee.convergence, knee.ratio]


def test_a_plain_knee():
    knee = measure_knee(KNEE)
    assert knee.lines == {"femoral_condylar_width": 80, "tibial_plateau_width": 78, "lateral_joint_space": 6, "medial_joint_space": 6}
    assert knee.convergence == pytest.approx(0)
    assert knee.ratio == 1
    assert implausible(knee) is None


@pytest.mark.parametrize("line", LINES)
def test_lines_are_distances_between_their_two_points(line):
    start, end = (AT[name] for name in LINES[line])
    points = KNEE.copy()
    points[end] = points[start] + (3, -4)
    lines = measure_knee(points).lines
    assert lines[line] == pytest.approx(5)
    points[end] += (3, -4)
    assert measure_knee(points).lines[line] == pytest.approx(10)
    assert {name: length for name, length in measure_knee(points).lines.items() if name != line} == pytest.approx(
        {name: length for name, length in lines.items() if name != line}
    )


@given(knee=knees, degrees=st.floats(-180, 180), shift=shifts)
def test_rotation_and_shift_change_nothing(knee, degrees, shift):
    assert numbers(turned(knee, degrees) + shift) == pytest.approx(numbers(knee), abs=1e-6)


@given(knee=knees, degrees=st.floats(-180, 180))
def test_a_mirror_changes_nothing(knee, degrees):
    assert numbers(turned(knee * MIRROR, degrees)) == pytest.approx(numbers(knee), abs=1e-6)


@given(knee=knees, scale=st.floats(0.02, 50))
def test_a_scale_multiplies_the_lengths_and_nothing_else(knee, scale):
    *lengths, convergence, ratio = numbers(knee)
    assert numbers(knee * scale) == pytest.approx([*(scale * length for length in lengths), convergence, ratio], rel=1e-6, abs=1e-9)


@given(knee=knees, spacing=st.tuples(st.floats(0.05, 3), st.floats(0.05, 3)))
def test_pixels_of_any_shape_give_the_same_millimetres_and_degrees(knee, spacing):
    in_pixels = knee / spacing
    assert numbers(in_pixels * spacing) == pytest.approx(numbers(knee), abs=1e-6)


@given(degrees=st.floats(-30, 30), side=st.sampled_from([(1.0, 1.0), (-1.0, 1.0)]), lie=st.floats(-180, 180))
def test_the_angle_is_positive_where_the_joint_opens_to_the_lateral_side(degrees, side, lie):
    assert measure_knee(turned(opened(degrees) * side, lie)).convergence == pytest.approx(degrees, abs=1e-6)


@pytest.mark.parametrize("side", [(1.0, 1.0), (-1.0, 1.0)])
def test_a_worn_medial_side_opens_the_joint_laterally(side):
    points = KNEE.copy()
    points[AT["femur_6"]] += (0, 4)
    knee = measure_knee(points * side)
    assert knee.convergence == pytest.approx(np.degrees(np.arctan2(4, 48)))
    assert knee.ratio == pytest.approx(2 / 6)


@pytest.mark.parametrize("side", [(1.0, 1.0), (-1.0, 1.0)])
@pytest.mark.parametrize("lie", [0.0, 90.0, 180.0])
def test_bone_on_bone_the_sign_stays(side, lie):
    points = opened(5.0)
    points[:7] += (0, 12)
    assert measure_knee(turned(points * side, lie)).convergence == pytest.approx(5)


def test_no_lateral_joint_space_has_no_ratio():
    points = KNEE.copy()
    points[AT["femur_2"]] = points[AT["tibia_2"]]
    assert measure_knee(points).ratio is None


@given(knees)
def test_credible_knees_are_believed(knee):
    assert implausible(measure_knee(knee)) is None


def changed(**moves):
    points = KNEE.copy()
    for name, move in moves.items():
        points[AT[name]] += move
    return points


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (changed(femur_1=(30, 0)), "femur and tibia differ too much in width"),
        (changed(tibia_9=(60, 0)), "femur and tibia differ too much in width"),
        (changed(femur_2=(0, -24), femur_6=(0, -24)), "femur and tibia lie too far apart"),
        (changed(tibia_8=(0, 24)), "femur and tibia lie too far apart"),
        (changed(femur_2=(14, -11), femur_6=(-14, 11), femur_4=(np.nan, np.nan)), "femur and tibia do not face each other"),
        (changed(**{f"femur_{number}": (0, 20) for number in range(1, 8)}), "the femur reaches into the tibia"),
    ],
)
def test_what_cannot_be_a_knee_is_said(points, reason):
    for scale in (0.1, 1.0, 8.0):
        assert implausible(measure_knee(points * scale)) == reason


@pytest.mark.parametrize(("times", "credible"), [(0.1, False), (1.0, True), (8.0, False)])
def test_millimetres_that_no_knee_has_are_not_believed(times, credible):
    knee = measure_knee(KNEE * times)
    assert implausible(knee) is None
    assert (implausible(knee, in_mm=True) is None) == credible


@pytest.mark.parametrize("points", [KNEE[:15], KNEE[None], KNEE[:, :1]])
def test_another_number_of_points_is_refused(points):
    with pytest.raises(ValueError, match="expected 16 points"):
        measure_knee(points)


NEEDED = sorted({point for line in LINES.values() for point in line})


@pytest.mark.parametrize("missing", [*NEEDED, "all"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_missing_ends_of_lines_are_refused(missing, value):
    points = KNEE.copy()
    points[AT.get(missing, slice(None))] = value
    with pytest.raises(ValueError, match=f"expected finite points, got none for .*{'femur_1' if missing == 'all' else missing}"):
        measure_knee(points)


def test_points_that_no_line_ends_at_may_be_missing():
    points = opened(4.0)
    points[[number for name, number in AT.items() if name not in NEEDED]] = np.nan
    assert len(NEEDED) == 8
    assert numbers(points) == pytest.approx(numbers(opened(4.0)))


@pytest.mark.parametrize(("one", "other"), [("femur_2", "femur_6"), ("tibia_2", "tibia_8")])
def test_a_bone_without_width_is_refused(one, other):
    points = KNEE.copy()
    points[AT[one]] = points[AT[other]]
    with pytest.raises(ValueError, match="condyles and plateaus with a width"):
        measure_knee(points)
