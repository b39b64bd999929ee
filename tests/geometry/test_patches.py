import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.geometry.patches import patch_matrix

QUAD = np.array([[10.0, 20.0], [50.0, 24.0], [9.0, 40.0], [49.0, 44.0]])


def test_middle_of_the_patch_is_the_middle_of_the_corners():
    matrix = patch_matrix(QUAD, size=96, widths=2.0)
    assert matrix[:, :2] @ [47.5, 47.5] + matrix[:, 2] == pytest.approx(QUAD.mean(axis=0))


def test_rows_run_along_the_vertebra_and_the_side_is_in_widths():
    matrix = patch_matrix(QUAD, size=100, widths=2.0)
    across = (QUAD[1] + QUAD[3] - QUAD[0] - QUAD[2]) / 2
    assert 100 * matrix[:, 0] == pytest.approx(2.0 * across)
    assert matrix[:, 0] @ matrix[:, 1] == pytest.approx(0)


@given(angle=st.floats(-3, 3), scale=st.floats(0.2, 5), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_corners_have_the_same_place_in_the_patch_wherever_the_vertebra_lies(angle, scale, x, y):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    places = []
    for quad in (QUAD, QUAD @ turn.T + [x, y]):
        matrix = patch_matrix(quad, size=96, widths=2.2)
        places.append(np.linalg.solve(matrix[:, :2], (quad - matrix[:, 2]).T))
    assert places[0] == pytest.approx(places[1], abs=1e-6)


def test_shift_is_in_widths():
    shifted, plain = patch_matrix(QUAD, size=96, widths=2.0, shift=(1.0, 0.0)), patch_matrix(QUAD, size=96, widths=2.0)
    assert shifted[:, 2] - plain[:, 2] == pytest.approx([np.hypot(40, 4), 0])


def test_a_quadrilateral_without_width_is_refused():
    with pytest.raises(ValueError, match="width"):
        patch_matrix(np.zeros((4, 2)), size=96, widths=2.0)
