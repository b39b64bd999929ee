import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.phantoms.bone_scan_body import SIDES, excess_of, sample_body, with_knee
from msk_monai.phantoms.leg_uptake import COMPARTMENTS, ScanKnee
from msk_monai.phantoms.trunk_uptake import NAMES


@pytest.fixture(scope="module")
def bodies():
    return [sample_body(np.random.default_rng((5, index))) for index in range(250)]


def test_every_grade_is_drawn_often_and_some_are_unspecified(bodies):
    grades = [grade for body in bodies for grade in body.grades]
    assert all(0.07 < grades.count(grade) / len(grades) < 0.4 for grade in range(5))
    assert 0 < grades.count(None) / len(grades) < 0.15


def test_metal_and_broken_knees_have_no_grade_and_are_told(bodies):
    for body in bodies:
        told = body.truth()["distractors"]
        for side, knee, grade in zip(SIDES, body.knees, body.grades, strict=True):
            assert (f"knee prosthesis, {side}" in told) == knee.prosthesis
            assert (grade is None) == (knee.prosthesis or f"tibial plateau fracture, {side}" in told)
            assert (body.truth()["compartments"][side] is None) == knee.prosthesis


def test_grades_are_how_worn_a_knee_is_but_for_the_reader(bodies):
    off = [g - w for body in bodies for g, w in zip(body.grades, body.wear, strict=True) if g is not None]
    assert np.mean(np.abs(np.add(off, 0.5)) < 0.5) > 0.8
    assert np.max(np.abs(np.add(off, 0.5))) < 1.2


def test_a_patients_knees_are_alike_but_not_the_same(bodies):
    right, left = np.array([body.wear for body in bodies]).T
    assert 0.4 < np.corrcoef(right, left)[0, 1] < 0.95


def test_the_medial_compartment_is_mostly_the_worst(bodies):
    worst = np.bincount([int(np.argmax(knee.excess)) for body in bodies for knee in body.knees], minlength=3)
    assert worst[0] > 2 * worst[1]
    assert worst[0] > worst[2] > 0
    assert worst[1] > 0


def test_older_patients_have_more_worn_knees(bodies):
    ages, wear = np.array([(body.age, sum(body.wear)) for body in bodies]).T
    assert np.corrcoef(ages, wear)[0, 1] > 0.2


def test_patients_are_of_many_sizes_and_shapes(bodies):
    heights = [body.trunk.height for body in bodies]
    assert min(heights) < 1500
    assert max(heights) > 1850
    knees = np.array([[knee.centre[0] for knee in body.knees] for body in bodies])
    assert (knees[:, 0] < -35).all()
    assert (knees[:, 1] > 35).all()
    told = {name.split(",")[0] for body in bodies for name in body.truth()["distractors"]}
    assert {"metastases", "rib fractures", "urine on the skin", "ankle arthritis", "injection site", "hip prosthesis"} <= {
        name.split(" with")[0].removesuffix(" elbow") for name in told
    }


@given(wear=st.floats(0, 4.9))
def test_uptake_rises_with_wear(wear):
    assert excess_of(wear + 0.1) > excess_of(wear) >= 0


@given(side=st.sampled_from((-1, 1)), lean=st.floats(-20, 20), turn=st.floats(-20, 30), size=st.floats(0.8, 1.2))
def test_a_knees_frame_is_rigid_and_mirrored(side, lean, turn, size):
    knee = ScanKnee(side=side, centre=(1, 2, 3), lean=lean, turn=turn, size=size, base=1, excess=(0, 0, 0))
    axes = (np.array([knee.at(*axis) for axis in np.eye(3)]) - knee.centre) / size
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-6)
    assert axes[0, 0] * side > 0.8  # outwards
    assert axes[1, 1] < -0.8  # forwards
    assert axes[2, 2] > 0.9  # to the head
    assert side * axes[1, 0] * turn >= -0.2 * abs(turn) - 1e-9 or abs(lean) > 0


def test_a_patient_may_be_changed_one_knee_at_a_time(bodies):
    changed = with_knee(bodies[0], "left", excess=(1.0, 2.0, 3.0))
    assert changed.knees[0] == bodies[0].knees[0]
    assert changed.knees[1].excess == (1.0, 2.0, 3.0)
    assert len(COMPARTMENTS) == 3


def test_vertebrae_are_named_from_the_head_down(bodies):
    heights = [bodies[0].trunk.vertebra(name)[2] for name in NAMES]
    assert len(heights) == 24
    assert (np.diff(heights) < 0).all()
    with pytest.raises(ValueError, match="expected a vertebra from C1 to L5, got 'L6'"):
        bodies[0].trunk.vertebra("L6")
