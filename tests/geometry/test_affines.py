"""Affines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from msk_monai.geometry import apply_affine, axis_towards, flip_lps_ras, plane_height, spacing_of
from msk_monai.geometry.affines import plane_of

spacings = st.tuples(*[st.floats(0.1, 10)] * 3)
angles = st.tuples(*[st.floats(-180, 180)] * 3)


def affine(spacing, degrees, origin=(1.0, 2.0, 3.0)):
    out = np.eye(4)
    out[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix() * spacing
    out[:3, 3] = origin
    return out


@given(spacing=spacings, degrees=angles)
def test_spacing_survives_rotation_and_the_change_of_convention(spacing, degrees):
    matrix = affine(spacing, degrees)
    np.testing.assert_allclose(spacing_of(matrix), spacing)
    np.testing.assert_allclose(spacing_of(flip_lps_ras(matrix)), spacing)
    np.testing.assert_allclose(flip_lps_ras(flip_lps_ras(matrix)), matrix)


@given(spacing=spacings, axis=st.integers(0, 2), sign=st.sampled_from([-1, 1]), tilt=st.floats(-30, 30))
def test_the_axis_towards_the_head_is_found_despite_tilt(spacing, axis, sign, tilt):
    matrix = affine(spacing, (tilt, 0, 0))
    order = [a for a in range(3) if a != 2]
    order.insert(axis, 2)
    shuffled = matrix.copy()
    shuffled[:3, :3] = matrix[:3, order] * np.where(np.arange(3) == axis, sign, 1)
    assert axis_towards(shuffled, (0, 0, 1)) == (axis, sign)


def test_an_axis_without_length():
    with pytest.raises(ValueError, match="positive length"):
        axis_towards(np.zeros((4, 4)), (0, 0, 1))


def test_points():
    np.testing.assert_allclose(apply_affine(affine((2, 3, 4), (0, 0, 0)), [[1, 1, 1]]), [[3, 5, 7]])


@given(spacing=spacings, tilt=st.floats(-40, 40), shear=st.floats(-1, 1), index=st.integers(0, 9))
def test_a_plane_is_as_high_as_its_own_points(spacing, tilt, shear, index):
    matrix = affine(spacing, (tilt, 0, 0))
    matrix[1, 2] += shear * spacing[2]  # a tilted gantry: the table moves along neither normal nor row
    here, there = apply_affine(matrix, [[0, 0, index], [7, -4, index]])
    assert plane_height(matrix, 2, here, there[0], there[1]) == pytest.approx(there[2], abs=1e-6)


def test_upright_planes_have_no_height():
    with pytest.raises(ValueError, match="cross the z axis"):
        plane_height(np.eye(4), 0, (0, 0, 0), 1, 1)


@given(spacing=spacings, degrees=angles, size=st.tuples(*[st.integers(1, 500)] * 2))
def test_a_slices_middle_and_what_is_across_it(spacing, degrees, size):
    matrix = affine(spacing, degrees)
    columns, rows = size
    middle, across = plane_of(matrix, columns, rows)
    corners = apply_affine(matrix, [(x, y, 0) for x in (0, columns - 1) for y in (0, rows - 1)])
    np.testing.assert_allclose(middle, corners.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(across), 1)
    np.testing.assert_allclose((corners - middle) @ across, 0, atol=1e-6)
    np.testing.assert_allclose(across, matrix[:3, 2] / spacing[2], atol=1e-9)
