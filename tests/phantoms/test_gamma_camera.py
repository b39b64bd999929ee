from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msk_monai.phantoms.bone_scan_body import sample_body, with_knee
from msk_monai.phantoms.bone_scan_finds import Finds
from msk_monai.phantoms.gamma_camera import CameraSetup, Motion, expected_counts

PLAIN = CameraSetup(shape=(512, 128), pixel=4.6, top=2050.0, rows=(10, 500), width=560.0, counts=1e6, haze=0.0)
NO_TEXTURE = np.float32(1.0)


@pytest.fixture(scope="module")
def body():
    """Nothing worn, nothing found, no motion."""
    plain = replace(sample_body(np.random.default_rng(2)), finds=Finds())
    for side in ("right", "left"):
        plain = with_knee(plain, side, excess=(0.0, 0.0, 0.0), prosthesis=False)
    return plain


@pytest.fixture(scope="module")
def plain(body):
    return expected_counts(body, PLAIN, texture=NO_TEXTURE)


def added(body, plain, setup=PLAIN, side="right", **changes):
    """What a change of a knee adds, the rest of the patient left as it is; and the knee."""
    changed = with_knee(body, side, **changes)
    image = expected_counts(changed, setup, texture=NO_TEXTURE)
    image *= plain[0, 30:60].sum() / image[0, 30:60].sum()  # the head shows how much the total was scaled by
    return image - plain, changed.knees[0 if side == "right" else 1]


def centroid(image):
    image = np.where(image > 0.1 * image.max(), image, 0)
    rows, columns = np.indices(image.shape)
    return np.array([(image * columns).sum(), (image * rows).sum()]) / image.sum()


def spot(setup, knee):
    return setup.pixel_of(np.array(knee.centre[0]), np.array(knee.centre[2]))


def test_counts_add_up_and_none_lie_outside_the_field(body):
    setup = replace(PLAIN, rows=(60, 400), width=420.0, haze=0.2)
    image = expected_counts(body, setup, texture=NO_TEXTURE)
    assert image.sum(dtype=float) == pytest.approx(1e6, rel=1e-3)
    assert image.min() >= 0
    assert not image[:, :60].any()
    assert not image[:, 400:].any()
    assert not image[:, :, :18].any()
    assert image[:, 60:400, 25:100].min() > 0


@pytest.mark.parametrize(("side", "inwards"), [("right", 1), ("left", -1)])
def test_wear_is_seen_in_its_compartment(body, plain, side, inwards):
    for excess, sign in (((2.0, 0, 0), inwards), ((0, 2.0, 0), -inwards)):
        image, knee = added(body, plain, side=side, excess=excess)
        for view in image:
            off = (centroid(view) - spot(PLAIN, knee)) * PLAIN.pixel
            assert 12 < sign * off[0] < 32
            assert abs(off[1]) < 12


def test_the_kneecap_is_in_front_and_above_the_joint(body, plain):
    image, knee = added(body, plain, excess=(0, 0, 2.0))
    assert image[0].sum() > 1.5 * image[1].sum()
    assert spot(PLAIN, knee)[1] - centroid(image[0])[1] > 10 / PLAIN.pixel


def test_uptake_rises_with_wear(body, plain):
    images = [added(body, plain, excess=(level, 0.1, 0.1))[0] for level in (0.3, 0.8, 1.6)]
    assert 0 < images[0].max() < images[1].max() < images[2].max()


def test_a_metal_joint_is_cold_and_its_rim_hot(body, plain):
    cold, knee = added(body, plain, prosthesis=True, rim=0.0)
    column, row = np.rint(spot(PLAIN, knee)).astype(int)
    joint = (slice(None), slice(row - 3, row + 2), slice(column - 4, column + 5))
    assert (plain + cold)[joint].mean() < 0.55 * plain[joint].mean()
    rim = added(body, plain, prosthesis=True, rim=2.0)[0] - cold
    assert rim.max() > 0.3 * plain[joint].mean()


def test_bone_is_brighter_from_its_own_side(body, plain):
    column, row = np.rint(PLAIN.pixel_of(*(np.array(v) for v in body.trunk.vertebra("T12")[::2]))).astype(int)
    at = (slice(row - 3, row + 4), slice(column - 3, column + 4))
    assert plain[1][at].mean() > 1.5 * plain[0][at].mean()


def test_who_moves_is_seen_elsewhere_from_then_on(body, plain):
    setup = replace(PLAIN, motion=Motion(row=150.0, step=23.0))
    still = added(body, plain, excess=(2.0, 0, 0))[0][0]
    moved = expected_counts(body, setup, texture=NO_TEXTURE)
    image, knee = added(body, moved, setup, excess=(2.0, 0, 0))
    assert centroid(image[0])[0] - centroid(still)[0] == pytest.approx(5, abs=0.3)
    assert spot(setup, knee)[0] - spot(PLAIN, knee)[0] == pytest.approx(5, abs=1e-3)
    np.testing.assert_allclose(moved[:, 60:130], plain[:, 60:130], rtol=0.02, atol=0.05)


def test_trembling_blurs_sideways_only_where_it_happens(body, plain):
    setup = replace(PLAIN, motion=Motion(row=200.0, tremor=20.0, rows=100))
    image = expected_counts(body, setup, texture=NO_TEXTURE)
    np.testing.assert_allclose(image[:, :200], plain[:, :200], rtol=0.01)
    assert np.abs(np.diff(image[:, 220:280], axis=2)).sum() < 0.9 * np.abs(np.diff(plain[:, 220:280], axis=2)).sum()


@settings(max_examples=25)
@given(tilt=st.floats(-3, 3), aside=st.floats(-30, 30), step=st.floats(-20, 20), x=st.floats(-100, 100), z=st.floats(100, 1600))
def test_places_are_seen_where_the_mesh_has_them(tilt, aside, step, x, z):
    setup = replace(PLAIN, tilt=tilt, aside=aside, motion=Motion(row=5.0, step=step))
    column, row = setup.pixel_of(np.array(x), np.array(z))
    across, along = setup.mesh()
    c, r = round(float(column)), round(float(row))
    assert np.hypot(across[r, c] - x, along[r, c] - z) <= 4.6 * 0.75


def test_a_head_that_leans_left_is_seen_further_left():
    tilted = replace(PLAIN, tilt=3.0)
    head, feet = (tilted.pixel_of(np.array(0.0), np.array(z))[0] for z in (1700.0, 100.0))
    assert head > feet + 10
