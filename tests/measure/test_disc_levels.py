from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from msk_monai.measure.disc_levels import STEEPEST_DEG, PlacedDisc, crossing, place_disc
from msk_monai.measure.discs import Disc

NAMES = ("L5-S1", "L4-L5", "L3-L4", "L2-L3", "L1-L2")
STEP, HALF = 36.0, 5.0

turns = st.tuples(*[st.floats(-180, 180)] * 3)
shifts = st.tuples(*[st.floats(-500, 500)] * 3)
places = st.integers(0, len(NAMES) - 1)


def column(degrees=(0.0, 0.0, 0.0), shift=(0.0, 0.0, 0.0)):
    """Five discs one above the other, of a patient turned and shifted as a whole."""
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    return [PlacedDisc(name, turn @ [0, 0, STEP * k] + shift, turn[:, 2], HALF) for k, name in enumerate(NAMES)]


def tilted(axis, degrees, towards):
    """A unit vector at so many degrees from another."""
    side = np.cross(axis, np.cross(np.eye(3)[np.abs(axis).argmin()], axis))
    side = Rotation.from_rotvec(towards * np.asarray(axis)).apply(side / np.linalg.norm(side))
    return np.cos(np.radians(degrees)) * np.asarray(axis) + np.sin(np.radians(degrees)) * side


def within(normal, u, v):
    """Somewhere else in the plane through the origin."""
    first = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    return u * first + v * np.cross(normal, first)


@settings(max_examples=30)
@given(turns, shifts, places, st.floats(0, 49), st.floats(-3, 3), st.tuples(*[st.floats(-80, 80)] * 2), st.sampled_from([-2.5, 1.0]))
def test_a_slice_through_a_discs_middle_gives_it_wherever_the_patient_lies(degrees, shift, place, tilt, towards, uv, length):
    discs = column(degrees, shift)
    normal = tilted(discs[place].axis, tilt, towards)
    found = crossing(discs[place].centre + within(normal, *uv), length * normal, discs)
    assert (found.level, found.nearest, found.reason) == (NAMES[place], NAMES[place], None)
    assert found.offset == pytest.approx(0, abs=1e-6)
    assert found.tilt_deg == pytest.approx(tilt, abs=1e-4)


@settings(max_examples=30)
@given(turns, shifts, places, st.floats(-0.99, 0.99), st.floats(0, 45), st.floats(-3, 3))
def test_offsets_are_in_halves_of_the_discs_height_along_its_own_axis(degrees, shift, place, offset, tilt, towards):
    discs = column(degrees, shift)
    discs[place] = replace(discs[place], half_height=3.0)
    one = discs[place]
    found = crossing(one.centre + 3.0 * offset * one.axis, tilted(one.axis, tilt, towards), discs)
    assert found.level == NAMES[place]
    assert found.offset == pytest.approx(offset, abs=1e-6)


@settings(max_examples=30)
@given(turns, shifts, places, st.floats(0.01, 4), st.booleans())
def test_a_slice_beyond_a_disc_has_no_level_and_says_how_far_it_lies(degrees, shift, place, beyond, above):
    discs = column(degrees, shift)
    side = 1 if above else -1
    found = crossing(discs[place].centre + side * (HALF + beyond) * discs[place].axis, discs[place].axis, discs)
    assert (found.level, found.nearest) == (None, NAMES[place])
    assert found.offset == pytest.approx(side * (1 + beyond / HALF))
    assert found.reason == f"it crosses no disc: it lies {beyond:.1f} mm {'above' if above else 'below'} {NAMES[place]}"


@pytest.mark.parametrize("tilt", [STEEPEST_DEG + 1, 75, 90])
def test_a_steep_slice_is_no_cut_across_a_disc(tilt):
    found = crossing((0, 0, 0), tilted((0, 0, 1), tilt, 0.3), column())
    assert (found.level, found.nearest) == (None, "L5-S1")
    assert found.reason == f"it is tilted by {tilt:.0f} degrees against the disc L5-S1"
    assert found.tilt_deg == pytest.approx(tilt)


def test_discs_of_another_direction_each_count_along_their_own():
    """Lordosis: the plane of L5-S1 passes far from L4-L5 at that disc's own place."""
    discs = column()
    discs[0] = replace(discs[0], axis=tilted((0, 0, 1), 40, 0.0))
    for disc in discs[:2]:
        assert crossing(disc.centre, disc.axis, discs).level == disc.name
        assert crossing(disc.centre, disc.axis, discs).tilt_deg == pytest.approx(0, abs=1e-5)


def test_without_discs_there_is_nothing_to_cross():
    with pytest.raises(ValueError, match="at least one disc"):
        crossing((0, 0, 0), (0, 0, 1), [])


BACK, UP = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])


@settings(max_examples=30)
@given(
    st.floats(-70, 70),
    st.floats(-40, 40),
    st.booleans(),
    st.sampled_from([-1, 1]),
    st.sampled_from([-1, 1]),
    st.tuples(*[st.floats(0.3, 2)] * 2),
    st.tuples(*[st.floats(-200, 200)] * 3),
)
def test_a_disc_is_placed_in_the_patient_whatever_way_its_slice_is_stored(lean, turn, columns_up, first, second, spacing, centre):
    back = Rotation.from_euler("z", turn, degrees=True).apply(BACK)
    angle = np.radians(lean)
    to_canal, towards_head = np.cos(angle) * back - np.sin(angle) * UP, np.sin(angle) * back + np.cos(angle) * UP
    x, y = (first * UP, second * back) if columns_up else (first * back, second * UP)
    affine = np.eye(4)
    affine[:3, :3] = np.column_stack([x * spacing[0], y * spacing[1], 4 * np.cross(x, y)])
    pixel = np.array([30.0, 80.5])
    affine[:3, 3] = centre - affine[:3, :2] @ pixel
    heights = {"anterior": 9.0, "middle": 8.0, "posterior": 7.0}
    disc = Disc(heights=heights, depth=35, area=280, axis=np.array([to_canal @ x, to_canal @ y]), centre=pixel)
    placed = place_disc("L4-L5", disc, affine)
    assert (placed.name, placed.half_height) == ("L4-L5", 4.0)
    assert placed.centre == pytest.approx(np.array(centre), abs=1e-9)
    assert placed.axis == pytest.approx(towards_head, abs=1e-9)
