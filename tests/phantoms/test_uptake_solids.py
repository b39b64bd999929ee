import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.phantoms.uptake_solids import Blob, Rod, chain

STEP = 1.0
X, Z = (v.astype(np.float32) for v in np.meshgrid(np.arange(-120, 121, STEP), np.arange(-120, 121, STEP)))
lengths, turns = st.floats(8, 30), st.floats(-180, 180)


def volume(solid):
    return float(solid.shadow(X, Z)[0].sum()) * STEP**2


@given(radius=lengths, across=st.floats(-60, 60), deep=st.floats(-60, 60), high=st.floats(-60, 60))
def test_a_rod_holds_what_it_should_however_it_lies(radius, across, deep, high):
    rod = Rod((-across / 2, -deep / 2, -high / 2), (across / 2, deep / 2, high / 2), (radius, radius))
    expected = np.pi * radius**2 * np.hypot(np.hypot(across, deep), high) + 4 / 3 * np.pi * radius**3
    assert volume(rod) == pytest.approx(expected, rel=0.03)


@given(a=lengths, b=lengths, c=lengths, tilt=turns)
def test_a_blob_holds_what_it_should_however_it_is_tilted(a, b, c, tilt):
    assert volume(Blob((3.0, 0.0, -4.0), (a, b, c), tilt)) == pytest.approx(4 / 3 * np.pi * a * b * c, rel=0.03)


@given(tilt=turns, a=lengths, c=lengths, r=lengths, s=lengths, x=st.floats(-50, 50), z=st.floats(-50, 50))
def test_nothing_is_seen_outside_the_box(tilt, a, c, r, s, x, z):
    for solid in (Blob((x, 0, z), (a, 10, c), tilt), Rod((0, 0, 0), (x, 0, z), (r, s))):
        low_x, low_z, high_x, high_z = solid.box()
        shown = solid.shadow(X, Z)[0] > 0
        assert (X[shown] >= low_x - 1e-3).all()
        assert (X[shown] <= high_x + 1e-3).all()
        assert (Z[shown] >= low_z - 1e-3).all()
        assert (Z[shown] <= high_z + 1e-3).all()


def test_a_blob_leans_with_its_head_end_to_the_left():
    shown = Blob((0, 0, 0), (5, 5, 60), 30.0).shadow(X, Z)[0] > 0
    assert X[shown & (Z > 30)].mean() > 10
    assert X[shown & (Z < -30)].mean() < -10


def test_the_middle_of_a_rod_follows_its_axis():
    _, middle = Rod((0, -20, -50), (0, 40, 50), (9, 9)).shadow(np.float32([0.0]), np.float32([-50.0, 0.0, 50.0]))
    np.testing.assert_allclose(middle, (-20, 10, 40), atol=1e-4)


def test_a_chain_joins_its_points():
    rods = chain([(0, 0, 0), (1, 2, 3), (4, 5, 6)], (1, 2, 3))
    assert [(rod.start, rod.end, rod.radii) for rod in rods] == [((0, 0, 0), (1, 2, 3), (1, 2)), ((1, 2, 3), (4, 5, 6), (2, 3))]
