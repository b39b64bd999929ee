"""Cobb angles: the data set's own, made-up curves, and what must not change them."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from msk_monai.measure.cobb import cobb_angles


def spine_of(tilts, step=40.0, width=60.0, height=25.0):
    """Corners of vertebrae whose mid-lines have these tilts in degrees, each centre below the last across the tilt."""
    angles = np.radians(np.asarray(tilts, dtype=float))
    along, down = np.stack([np.cos(angles), np.sin(angles)], axis=1), np.stack([-np.sin(angles), np.cos(angles)], axis=1)
    centres = 300 + np.concatenate([[[0, 0]], np.cumsum(step * (down[:-1] + down[1:]) / 2, axis=0)])
    return np.stack([centres + x * width / 2 * along + y * height / 2 * down for y in (-1, 1) for x in (-1, 1)], axis=1)


def random_spine(seed, count=17):
    random = np.random.default_rng(seed)
    turns = np.cumsum(random.normal(0, 9, count))
    return spine_of(turns - turns.mean()) + random.normal(0, 1.5, (count, 4, 2))


def values(angles):
    return angles.main, angles.proximal, angles.distal


spines = st.builds(random_spine, st.integers(0, 10**6), st.integers(2, 17))


def test_a_curve_to_one_side():
    tilts = np.array([-8, -12, -20, -10, 0, 12, 25, 18, 5])
    angles = cobb_angles(spine_of(tilts))
    assert (angles.upper, angles.lower) == (2, 6)
    assert values(angles) == pytest.approx((45, 12, 20))


UPPER_MAIN = np.array([10, -25, -10, 15, 30, 10, -5, -14, -8, -2, 3])
LOWER_MAIN = np.array([-3, 4, 12, 2, -12, -3, 8, 20, 30, 0, -28, 5])


def test_a_main_curve_above_and_one_below():
    angles = cobb_angles(spine_of(UPPER_MAIN))
    assert (angles.upper, angles.lower) == (1, 4)
    assert values(angles) == pytest.approx((55, 35, 44))


def test_a_main_curve_below_with_two_above():
    angles = cobb_angles(spine_of(LOWER_MAIN))
    assert (angles.upper, angles.lower) == (8, 10)
    assert values(angles) == pytest.approx((58, 42, 24))  # from 30 up to -12, from there up to 12


def test_the_challenge_looks_where_the_film_has_its_middle():
    corners = spine_of(UPPER_MAIN)
    bottom = corners[:, :, 1].max()
    assert cobb_angles(corners, image_height=bottom + 300) == cobb_angles(corners)
    cut = cobb_angles(corners, image_height=300.0)  # every vertebra is in the lower half
    assert values(cut) == pytest.approx((55, 35, 0))


def test_two_vertebrae_are_enough():
    angles = cobb_angles(spine_of([-10, 15]))
    assert (angles.upper, angles.lower) == (0, 1)
    assert values(angles) == pytest.approx((25, 0, 0))


def test_a_straight_spine_has_no_angle():
    angles = cobb_angles(spine_of(np.full(17, 7.0)))
    assert values(angles) == pytest.approx((0, 0, 0), abs=1e-9)


def test_a_half_turn_is_no_wrap():
    assert values(cobb_angles(spine_of([-65, 65])))[0] == pytest.approx(130)


@settings(deadline=None, max_examples=50)
@given(corners=spines)
def test_the_main_angle_is_the_largest_of_all_pairs(corners):
    angles = cobb_angles(corners)
    across = corners[:, [1, 3]].sum(axis=1) - corners[:, [0, 2]].sum(axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    pairs = np.degrees(np.arccos(np.clip(across @ across.T, -1, 1)))
    assert angles.main == pytest.approx(pairs.max(), abs=1e-5)
    assert pairs[angles.upper, angles.lower] == pytest.approx(angles.main, abs=1e-5)
    assert angles.upper < angles.lower
    assert all(0 <= value <= angles.main + 1e-9 for value in values(angles))


@settings(deadline=None, max_examples=50)
@given(corners=spines, turn=st.floats(-180, 180), shift=st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)), scale=st.floats(0.1, 10))
def test_rotation_translation_padding_and_scale_do_not_matter(corners, turn, shift, scale):
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    before, after = cobb_angles(corners), cobb_angles(scale * corners @ [[c, s], [-s, c]] + shift)
    assert values(after) == pytest.approx(values(before), abs=1e-6)
    assert (after.upper, after.lower) == (before.upper, before.lower)


@settings(deadline=None, max_examples=50)
@given(corners=spines, width=st.floats(500, 3000))
def test_a_mirrored_film_has_the_same_angles(corners, width):
    mirrored = (corners * [-1, 1] + [width, 0])[:, [1, 0, 3, 2]]
    for height in (None, 600.0):
        assert values(cobb_angles(mirrored, image_height=height)) == pytest.approx(
            values(cobb_angles(corners, image_height=height)), abs=1e-6
        )


@pytest.mark.parametrize(
    ("corners", "message"),
    [
        (spine_of([0, 5])[:1], "at least two vertebrae"),
        (spine_of([0, 5]).reshape(-1, 2), "at least two vertebrae"),
        (np.full((3, 4, 2), np.nan), "finite corners"),
        (np.stack([spine_of([0])[0], np.ones((4, 2))]), "sides coincide"),
    ],
)
def test_what_is_no_row_of_vertebrae(corners, message):
    with pytest.raises(ValueError, match=message):
        cobb_angles(corners)


def test_every_film_of_aasce_comes_out_as_published(real_data):
    folder = real_data / "aasce"
    if not (folder / "datalist.json").is_file():
        pytest.skip(f"no AASCE films at {folder}")
    listed = json.loads((folder / "datalist.json").read_text())
    errors = []
    for item in listed["training"] + listed["validation"]:
        with Image.open(folder / item["image"]) as image:
            height = image.height
        angles = cobb_angles(np.array(item["points"]).reshape(-1, 4, 2), image_height=height)
        errors.append(np.abs(np.subtract(values(angles), item["cobb_degrees"])))
    assert len(errors) >= 400
    assert np.max(errors) < 0.1  # the listed points were resized and rounded to 0.01 pixel
    assert np.median(errors) < 0.02
