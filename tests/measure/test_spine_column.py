"""The spine as a line with a phase."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.measure.spine_column import column_at, column_points
from msk_monai.measure.vertebral_bodies import VertebralBody


def body(name, z, x=0.0, y=0.0):
    return VertebralBody(name=name, centre=(x, y, z), z_range=(z - 13, z + 13))


BODIES = [body("L4", 0, x=10), body("L3", 36, x=20), body("L2", 70, x=20, y=-6)]


def test_bodies_and_discs_take_turns():
    points = column_points(BODIES)
    np.testing.assert_allclose(points, [(20, -6, 70), (20, -3, 53), (20, 0, 36), (15, 0, 18), (10, 0, 0)])


def test_one_body_is_a_column_too():
    assert column_points(BODIES[:1]).shape == (1, 3)
    with pytest.raises(ValueError, match="at least one"):
        column_points([])


def test_phase_and_place_follow_the_points():
    place, phase = column_at(column_points(BODIES), [-1, 0, 9, 18, 36, 53, 70, 71])
    np.testing.assert_allclose(phase, [np.nan, 0, np.pi / 2, np.pi, 2 * np.pi, 3 * np.pi, 4 * np.pi, np.nan])
    np.testing.assert_allclose(place[[1, 2, 4, 5]], [(10, 0), (12.5, 0), (20, 0), (20, -3)])
    assert np.isnan(place[[0, -1]]).all()


@given(z=st.lists(st.floats(-500, 500), min_size=1, max_size=9), heights=st.lists(st.floats(-600, 600), min_size=1, max_size=20))
def test_the_phase_never_falls_towards_the_head(z, heights):
    points = np.column_stack([np.zeros((len(z), 2)), z])
    _, phase = column_at(points, np.sort(heights))
    assert (np.diff(phase[np.isfinite(phase)]) >= -1e-9).all()


def test_points_out_of_reach_are_left_out():
    points = column_points(BODIES)
    points[0] = (np.nan, np.nan, np.inf)
    _, phase = column_at(points, [0.0, 53.0, 70.0])
    np.testing.assert_allclose(phase, [0, 3 * np.pi, np.nan])
