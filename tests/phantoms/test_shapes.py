import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msk_monai.phantoms.shapes import (
    box,
    box_piece,
    capsule,
    capsule_piece,
    ellipsoid,
    ellipsoid_piece,
    rotation_xyz,
    smooth_intersection,
    smooth_union,
)

angles = st.floats(-180, 180)


def at(*point):
    return tuple(np.float32([[[v]]]) for v in point)


def test_distances_on_the_axes():
    assert capsule(*at(0, 5, 4), (0, 0, 0), (0, 0, 10), 2, 2).item() == pytest.approx(3)
    assert capsule(*at(0, 0, 14), (0, 0, 0), (0, 0, 10), 1, 3).item() == pytest.approx(1)
    assert ellipsoid(*at(6, 0, 0), (0, 0, 0), (5, 3, 2)).item() == pytest.approx(1, rel=0.2)
    assert box(*at(7, 0, 0), (0, 0, 0), (5, 5, 5), 1).item() == pytest.approx(2)
    assert box(*at(0, 0, 0), (0, 0, 0), (5, 5, 5), 1).item() == pytest.approx(-5)


def test_smooth_joins_lie_beyond_the_sharp_ones():
    a, b = np.float32([0.5, 9]), np.float32([0.0, -9])
    assert np.all(smooth_union(a, b, 2) <= np.minimum(a, b))
    assert np.all(smooth_intersection(a, b, 2) >= np.maximum(a, b))
    assert smooth_union(a, b, 2)[1] == -9


@settings(max_examples=30, deadline=None)
@given(angles, angles, angles)
def test_a_turned_solid_fits_its_box(x, y, z):
    for piece in (
        ellipsoid_piece((3, -2, 5), (9, 4, 2), rotation_xyz(x, y, z)),
        box_piece((3, -2, 5), (9, 4, 2), 1, rotation_xyz(x, y, z)),
    ):
        axes = [np.linspace(c - 15, c + 15, 31, dtype=np.float32) for c in (3, -2, 5)]
        inside = piece.distance(axes[0][None, None], axes[1][None, :, None], axes[2][:, None, None]) < 0
        points = np.argwhere(inside)[:, ::-1]
        assert len(points)
        for k in range(3):
            assert piece.low[k] <= axes[k][points[:, k]].min()
            assert axes[k][points[:, k]].max() <= piece.high[k]


@settings(max_examples=30, deadline=None)
@given(angles, angles, angles)
def test_rotations_keep_lengths_and_handedness(x, y, z):
    turn = rotation_xyz(x, y, z)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)


def test_flexion_turns_the_upper_endplate_forwards():
    assert (rotation_xyz(30) @ (0, 0, 1))[1] < 0


def test_a_flattened_capsule_is_taller_than_wide():
    piece = capsule_piece((0, 0, 0), (50, 0, 0), 3, 3, 0.5)
    assert piece.distance(*at(25, 0, 5)).item() < 0 < piece.distance(*at(25, 5, 0)).item()
    assert piece.high[2] >= 6
