import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from msk_monai.geometry.squares import across, squares, squares_at_points

ENDS = ((0, 1), (3, 4))
LEVEL = np.array([[(-10, -5), (-10, 5), (0, 3), (10, -5), (10, 5)]], dtype=float)
seeds = st.integers(0, 10**6)


def objects(seed):
    """Three of them, in any direction."""
    random = np.random.default_rng(seed)
    angle = random.uniform(-np.pi, np.pi, 3)
    turn = np.stack([np.stack([np.cos(angle), np.sin(angle)], -1), np.stack([-np.sin(angle), np.cos(angle)], -1)], 1)
    return (LEVEL + random.normal(0, 1, (3, 5, 2))) @ turn + random.uniform(-500, 500, (3, 1, 2))


def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, s], [-s, c]])


def test_a_level_object():
    assert across(LEVEL, ENDS).tolist() == [[20, 0]]
    assert squares(LEVEL, ENDS)[0].tolist() == [[-10, -10], [10, -10], [-10, 10], [10, 10]]
    assert squares_at_points(LEVEL, ENDS, share=0.2)[0, 2].tolist() == [[-2, 1], [2, 1], [-2, 5], [2, 5]]


@given(seeds)
def test_a_square_has_four_equal_sides_as_long_as_the_object_is_wide(seed):
    points = objects(seed)
    width = np.linalg.norm(across(points, ENDS), axis=1)
    top_left, top_right, bottom_left, bottom_right = squares(points, ENDS).transpose(1, 0, 2)
    for one, other in ((top_left, top_right), (top_left, bottom_left), (top_right, bottom_right), (bottom_left, bottom_right)):
        assert np.linalg.norm(other - one, axis=1) == pytest.approx(width)
    assert np.linalg.norm(bottom_right - top_left, axis=1) == pytest.approx(width * 2**0.5)


@given(seeds)
def test_a_square_stands_upright_whatever_the_object_does(seed):
    for quad in (*squares(objects(seed), ENDS), *squares_at_points(objects(seed), ENDS, share=0.4).reshape(-1, 4, 2)):
        right, down = quad[1] - quad[0], quad[2] - quad[0]
        assert right[0] >= 0
        assert right[0] * down[1] - right[1] * down[0] > 0


@given(seed=seeds, scale=st.floats(0.05, 20), shift=st.tuples(st.floats(-1000, 1000), st.floats(-1000, 1000)))
def test_squares_follow_a_shift_and_a_scale(seed, scale, shift):
    points = objects(seed)
    assert squares(points * scale + shift, ENDS) == pytest.approx(squares(points, ENDS) * scale + shift, abs=1e-6)
    close = squares_at_points(points, ENDS, share=0.3)
    assert squares_at_points(points * scale + shift, ENDS, share=0.3) == pytest.approx(close * scale + shift, abs=1e-6)


@given(seed=seeds, degrees=st.floats(-180, 180))
def test_squares_follow_a_rotation_and_are_seen_from_above_again(seed, degrees):
    points, turn = objects(seed), rotation(degrees)
    before, after = across(points, ENDS)[:, 0], across(points @ turn, ENDS)[:, 0]
    assume(np.abs([before, after]).min() > 1e-6)
    over = (before < 0) != (after < 0)
    expected = squares(points, ENDS) @ turn
    expected[over] = expected[over][:, ::-1]
    assert squares(points @ turn, ENDS) == pytest.approx(expected, abs=1e-6)


@given(seeds)
def test_a_mirrored_object_has_the_mirrored_square(seed):
    points = objects(seed)
    assert squares(points * [-1, 1], ENDS) == pytest.approx((squares(points, ENDS) * [-1, 1])[:, [1, 0, 3, 2]], abs=1e-6)


@given(seed=seeds, share=st.floats(0.05, 2))
def test_squares_at_points_lie_around_them(seed, share):
    points = objects(seed)
    close = squares_at_points(points, ENDS, share=share)
    assert close.shape == (3, 5, 4, 2)
    assert close.mean(axis=2) == pytest.approx(points)
    whole = squares(points, ENDS)
    assert close[..., 1, :] - close[..., 0, :] == pytest.approx(np.broadcast_to(share * (whole[:, 1] - whole[:, 0])[:, None], (3, 5, 2)))


def test_what_is_not_known_has_no_square():
    points = objects(4)
    points[1, 3] = np.nan
    points[2, 2] = np.nan
    known = squares(points, ENDS)
    assert np.isnan(known[1]).all()
    assert np.isfinite(known[[0, 2]]).all()
    close = squares_at_points(points, ENDS, share=0.4)
    assert np.isnan(close[1]).all()
    assert np.isnan(close[2, 2]).all()
    assert np.isfinite(close[2, [0, 1, 3, 4]]).all()


def test_no_objects_have_no_squares():
    assert squares(np.empty((0, 5, 2)), ENDS).shape == (0, 4, 2)
    assert squares_at_points(np.empty((0, 5, 2)), ENDS, share=0.4).shape == (0, 5, 4, 2)
