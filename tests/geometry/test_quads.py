import numpy as np
import pytest

from msk_monai.geometry.quads import between, mirrored_corners, widths, with_facing

QUADS = np.array([[[0, 0], [4, 0], [0, 2], [4, 2]], [[0, 3], [6, 3], [0, 5], [6, 5]], [[1, 6], [6, 6], [1, 9], [6, 9]]], dtype=float)


def test_width_is_that_between_the_sides():
    assert widths(QUADS).tolist() == [4, 6, 5]
    turned = QUADS @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    assert widths(turned) == pytest.approx([4, 6, 5])


def test_a_space_has_the_lower_side_of_the_upper_and_the_upper_side_of_the_lower():
    assert between(QUADS)[0].tolist() == [[0, 2], [4, 2], [0, 3], [6, 3]]
    assert between(QUADS).shape == (2, 4, 2)
    assert between(QUADS[:1]).shape == (0, 4, 2)


def test_the_ends_face_nothing():
    facing = with_facing(QUADS)
    assert facing[1].tolist() == [*QUADS[1].tolist(), *QUADS[0, 2:].tolist(), *QUADS[2, :2].tolist()]
    assert np.isnan(facing[0, 4:6]).all()
    assert np.isnan(facing[2, 6:]).all()
    assert np.isfinite(facing[0, 6:]).all()


def test_left_and_right_are_exchanged_in_every_quadrilateral():
    flipped = QUADS * [-1, 1]
    again = flipped.reshape(-1, 2)[mirrored_corners(3)].reshape(3, 4, 2)
    assert (again[:, 1, 0] > again[:, 0, 0]).all()
    assert (again[:, 3, 0] > again[:, 2, 0]).all()
    assert (again[:, 2, 1] > again[:, 0, 1]).all()
