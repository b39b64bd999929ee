"""Corners from masks: clean, rounded, noisy, bumpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.draw import polygon2mask

from msk_monai.geometry import angle_between
from msk_monai.measure.mask_corners import corners_of_mask

ROWS, COLUMNS = 150, 170


def vertebra(width=80.0, height=50.0, tilt=0.0, wedge=0.0, centre=(84.3, 74.8)):
    """Corners; with a positive ``wedge``, its endplates come together to the right by so many degrees."""
    rise = width / 2 * np.tan(np.radians(wedge / 2))
    corners = np.array(
        [(-width / 2, -height / 2 - rise), (width / 2, -height / 2 + rise), (-width / 2, height / 2 + rise), (width / 2, height / 2 - rise)]
    )
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    return corners @ [[c, s], [-s, c]] + centre


def drawn(corners, shape=(ROWS, COLUMNS)):
    return polygon2mask(shape, corners[[0, 1, 3, 2]][:, ::-1])


def with_rough_edge(mask, pixels, seed):
    """Its outline moved in and out by a standard deviation of so many pixels, alike over about 3 pixels."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(mask.shape), 1.5)
    inside = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    return inside + pixels * noise / noise.std() > 0


def endplate_error(found, truth):
    """The larger error of the two endplates' directions, in degrees."""
    return max(angle_between(found[i + 1] - found[i], truth[i + 1] - truth[i]) for i in (0, 2))


shapes = st.builds(vertebra, st.floats(50, 90), st.floats(35, 80), st.floats(-35, 35), st.floats(-12, 12))


@settings(deadline=None, max_examples=15)
@given(truth=shapes)
def test_a_clean_mask_gives_its_corners_back(truth):
    found = corners_of_mask(drawn(truth))
    assert np.linalg.norm(found - truth, axis=1).max() < 1.3  # an edge along a row is known to half a pixel
    assert np.linalg.norm(found - truth, axis=1).mean() < 1.0
    assert endplate_error(found, truth) < 2


@settings(deadline=None, max_examples=15)
@given(truth=shapes, seed=st.integers(0, 10**6))
def test_noise_on_the_edge_moves_an_angle_by_little_and_never_by_ninety(truth, seed):
    found = corners_of_mask(with_rough_edge(drawn(truth), 1.0, seed))
    assert endplate_error(found, truth) < 7
    assert np.linalg.norm(found - truth, axis=1).max() < 8


def test_the_error_from_noise_is_small_on_average():
    random = np.random.default_rng(3)
    errors = []
    for seed in range(20):
        truth = vertebra(tilt=random.uniform(-30, 30), wedge=random.uniform(-8, 8))
        errors.append(endplate_error(corners_of_mask(with_rough_edge(drawn(truth), 1.0, seed)), truth))
    assert np.mean(errors) < 1.2


@pytest.mark.parametrize("seed", range(6))
def test_a_square_does_not_tumble(seed):
    truth = vertebra(60, 60, tilt=20)
    assert endplate_error(corners_of_mask(with_rough_edge(drawn(truth), 1.5, seed)), truth) < 7


@pytest.mark.parametrize("tilt", [-40, -25, 0, 25, 40])
def test_taller_than_wide(tilt):
    truth = vertebra(40, 75, tilt=tilt)
    np.testing.assert_allclose(corners_of_mask(drawn(truth)), truth, atol=1)


@pytest.mark.parametrize("tilt", [60, -75, 90, 135, 180])
def test_the_axis_tells_the_endplates_from_the_sides(tilt):
    truth = vertebra(60, 50, tilt=tilt)
    down = truth[2:].mean(axis=0) - truth[:2].mean(axis=0)
    off = np.radians(25)
    askew = down @ [[np.cos(off), np.sin(off)], [-np.sin(off), np.cos(off)]]
    for axis in (down, askew):
        np.testing.assert_allclose(corners_of_mask(drawn(truth), axis=axis), truth, atol=1)


def test_rounded_corners_are_restored():
    truth = vertebra(tilt=12)
    disc = np.hypot(*np.mgrid[-7:8, -7:8]) <= 7.1
    rounded = ndimage.binary_opening(drawn(truth), disc)
    assert rounded.sum() < drawn(truth).sum() - 20
    np.testing.assert_allclose(corners_of_mask(rounded), truth, atol=0.8)


def test_a_spur_does_not_move_the_endplate():
    truth = vertebra(tilt=-9)
    rows, columns = np.indices((ROWS, COLUMNS))
    at = truth[0] + 0.3 * (truth[1] - truth[0])
    spur = drawn(truth) | (np.hypot(columns - at[0], rows - at[1]) < 6)
    plain = corners_of_mask(drawn(truth))
    np.testing.assert_allclose(corners_of_mask(spur), plain, atol=0.4)


def test_crumbs_and_holes_do_not_count():
    mask = drawn(vertebra(tilt=5))
    plain = corners_of_mask(mask)
    mask[5:12, 5:12] = True
    mask[70:80, 80:90] = False
    np.testing.assert_allclose(corners_of_mask(mask), plain)


@settings(deadline=None, max_examples=8)
@given(truth=shapes, left=st.integers(0, 50), above=st.integers(0, 50))
def test_padding_moves_the_corners_with_the_mask(truth, left, above):
    mask = drawn(truth)
    np.testing.assert_allclose(
        corners_of_mask(np.pad(mask, ((above, 3), (left, 7)))), np.add(corners_of_mask(mask), [left, above]), atol=1e-9
    )


@settings(deadline=None, max_examples=8)
@given(truth=shapes)
def test_a_mirrored_or_turned_mask_gives_mirrored_or_turned_corners(truth):
    mask = drawn(truth)
    found = corners_of_mask(mask)
    np.testing.assert_allclose(corners_of_mask(mask[:, ::-1]), (found * [-1, 1] + [COLUMNS - 1, 0])[[1, 0, 3, 2]], atol=0.1)
    turned = corners_of_mask(mask[::-1, ::-1], axis=(0, -1))
    np.testing.assert_allclose(turned, [COLUMNS - 1, ROWS - 1] - found, atol=0.1)
    quarter = corners_of_mask(np.rot90(mask), axis=(1, 0))  # counter-clockwise: down becomes right
    np.testing.assert_allclose(quarter, np.stack([found[:, 1], COLUMNS - 1 - found[:, 0]], axis=1), atol=0.1)


def test_a_vertebra_cut_by_the_border_of_the_film():
    truth = vertebra(centre=(84.3, 20))
    found = corners_of_mask(drawn(truth))
    np.testing.assert_allclose(found[2:], truth[2:], atol=0.6)
    np.testing.assert_allclose(found[:2, 1], -0.5, atol=1e-6)


def triangle():
    return polygon2mask((60, 60), [(50, 5), (50, 55), (5, 30)])


@pytest.mark.parametrize(
    ("mask", "axis", "message"),
    [
        (np.zeros((40, 40), bool), (0, 1), "empty"),
        (np.ones(40, bool), (0, 1), r"\(rows, columns\)"),
        (np.pad(np.ones((3, 30), bool), 5), (0, 1), "at least 4 pixels"),
        (np.pad(np.ones((1, 1), bool), 5), (0, 1), "at least 4 pixels"),
        (np.ones((30, 30), bool), (0, 0), "no length"),
        (triangle(), (0, 1), "four sides"),
    ],
)
def test_what_is_no_vertebra(mask, axis, message):
    with pytest.raises(ValueError, match=message):
        corners_of_mask(mask, axis=axis)
