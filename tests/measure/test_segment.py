"""Angle and interval between two neighbours."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msk_monai.measure.segment import implausible, measure_segment
from msk_monai.measure.vertebra_corners import VertebraCorners

LENGTHS = ("interval_mean", "interval_left", "interval_right", "interval_minimum", "upper_height", "step")


def box(name, top, *, left=0.0, width=50.0, height=30.0, tilt=0.0):
    """A rectangular vertebra turned about its centre by a tilt in degrees."""
    centre = np.array([left + width / 2, top + height / 2])
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    half = np.array([(-1, -1), (1, -1), (-1, 1), (1, 1)]) * [width / 2, height / 2]
    return VertebraCorners(name, half @ [[c, s], [-s, c]] + centre, np.ones(4))


def moved(vertebra, change):
    return replace(vertebra, corners=change(vertebra.corners))


def pair(seed):
    """L4 and L5 as they may be found: tilted, shifted, no longer rectangular."""
    random = np.random.default_rng(seed)
    upper, lower = box("L4", 100, tilt=random.normal(0, 15)), box("L5", 100 + random.uniform(32, 50), left=random.normal(0, 6))
    lower = moved(lower, lambda c: c + random.normal(0, 3, 2))
    return tuple(moved(v, lambda c: c + random.normal(0, 2, (4, 2))) for v in (upper, lower))


pairs = st.builds(pair, st.integers(0, 10**6))


def test_parallel_endplates():
    segment = measure_segment(box("L4", 0), box("L5", 42, left=10))
    assert segment.angle == 0
    assert [getattr(segment, name) for name in LENGTHS] == pytest.approx([12, 12, 12, 12, 30, 42])
    assert segment.interval_share == pytest.approx(0.4)
    assert segment.overlap == pytest.approx(0.8)
    assert segment.width_ratio == 1
    assert implausible(segment) is None


@settings(deadline=None, max_examples=50)
@given(angle=st.floats(0.1, 30), gap=st.floats(0, 20))
def test_a_wedge_opens_to_the_image_right(angle, gap):
    """Both plates turn by half the angle about a point at the left, so the bisector stays a row."""
    half = np.radians(angle / 2)
    ceiling = np.array([(0, 0), (50, -50 * np.tan(half))])
    floor = np.array([(0, gap), (50, gap + 50 * np.tan(half))])
    upper = VertebraCorners("L4", np.concatenate([ceiling - [0, 30], ceiling]), np.ones(4))
    lower = VertebraCorners("L5", np.concatenate([floor, floor + np.array([0, 30])]), np.ones(4))
    segment = measure_segment(upper, lower)
    widest = gap + 100 * np.tan(half)
    assert segment.signed_angle == segment.angle == pytest.approx(angle)
    assert (segment.interval_left, segment.interval_right) == pytest.approx((gap, widest))
    assert (segment.interval_mean, segment.interval_minimum) == pytest.approx(((gap + widest) / 2, gap))


def test_crossing_endplates_are_negative_where_they_cross():
    segment = measure_segment(box("L4", 0), box("L5", 33, tilt=10))
    assert segment.interval_left < 0 < segment.interval_right
    assert segment.interval_minimum == segment.interval_left
    assert segment.signed_angle == pytest.approx(10)
    assert measure_segment(box("L4", 0, tilt=10), box("L5", 40)).signed_angle == pytest.approx(-10)


@settings(deadline=None, max_examples=50)
@given(both=pairs, turn=st.floats(-180, 180), shift=st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)), scale=st.floats(0.05, 20))
def test_rotation_translation_padding_and_scale(both, turn, shift, scale):
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    before = measure_segment(*both)
    after = measure_segment(*(moved(v, lambda p: scale * p @ [[c, s], [-s, c]] + shift) for v in both))
    assert (after.angle, after.signed_angle) == pytest.approx((before.angle, before.signed_angle), abs=1e-6)
    assert [getattr(after, n) for n in LENGTHS] == pytest.approx([scale * getattr(before, n) for n in LENGTHS], abs=1e-6)
    same = (before.interval_share, before.overlap, before.width_ratio)
    assert (after.interval_share, after.overlap, after.width_ratio) == pytest.approx(same, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(both=pairs, width=st.floats(500, 3000))
def test_a_mirror_exchanges_left_and_right(both, width):
    before = measure_segment(*both)
    after = measure_segment(*(moved(v, lambda p: (p * [-1, 1] + [width, 0])[[1, 0, 3, 2]]) for v in both))
    assert after.angle == pytest.approx(before.angle, abs=1e-9)
    assert after.signed_angle == pytest.approx(-before.signed_angle, abs=1e-9)
    assert (after.interval_left, after.interval_right) == pytest.approx((before.interval_right, before.interval_left))
    assert (after.interval_mean, after.overlap) == pytest.approx((before.interval_mean, before.overlap))


@settings(deadline=None, max_examples=50)
@given(both=pairs, spacing=st.tuples(st.floats(0.05, 3), st.floats(0.05, 3)))
def test_resampling_of_the_image_leaves_millimetres_and_degrees_alone(both, spacing):
    truth = measure_segment(*both)
    in_pixels = [moved(v, lambda p: p / spacing) for v in both]
    found = measure_segment(*(v.scaled(spacing) for v in in_pixels))
    assert (found.angle, found.signed_angle) == pytest.approx((truth.angle, truth.signed_angle), abs=1e-6)
    assert [getattr(found, n) for n in LENGTHS] == pytest.approx([getattr(truth, n) for n in LENGTHS], abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(corners=st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=8, max_size=8), seed=st.integers(0, 99))
def test_whatever_the_corners_the_numbers_are_finite_and_in_range(corners, seed):
    points = np.array(corners) + np.random.default_rng(seed).uniform(0.1, 1, (8, 2))
    segment = measure_segment(VertebraCorners("L4", points[:4], np.ones(4)), VertebraCorners("L5", points[4:], np.ones(4)))
    assert 0 <= segment.angle <= 90
    assert abs(segment.signed_angle) == segment.angle
    assert segment.interval_minimum <= segment.interval_mean
    assert np.all(np.isfinite([getattr(segment, n) for n in (*LENGTHS, "interval_share", "overlap", "width_ratio")]))


@settings(deadline=None, max_examples=50)
@given(tilt=st.floats(-25, 25), gap=st.floats(0, 30), shift=st.floats(-12, 12), width=st.floats(40, 65))
def test_credible_neighbours_are_believed(tilt, gap, shift, width):
    lower = box("L5", 30 + gap + width / 2 * np.sin(np.radians(abs(tilt))), left=shift, width=width, tilt=tilt)
    assert implausible(measure_segment(box("L4", 0), lower)) is None


@pytest.mark.parametrize(
    ("upper", "lower", "reason"),
    [
        (box("L4", 60), box("L5", 0), "L5 does not lie below L4"),
        (box("L4", 0), box("L5", 0), "L5 does not lie below L4"),
        (box("L4", 0), box("L5", 40, width=20, left=15), "L4 and L5 differ in width by a factor of 2.5"),
        (box("L4", 0), box("L5", 40, left=45), "the endplates of L4 and L5 do not face each other"),
        (box("L4", 0), box("L5", 40, left=80), "the endplates of L4 and L5 do not face each other"),
        (box("L4", 0), box("L5", 60, tilt=60), "60° between L4 and L5"),
        (box("L4", 0), box("L5", 20), "L4 and L5 overlap by 0.33 of the height of L4"),
        (box("L4", 0), box("L5", 85), "L4 and L5 are 1.8 heights of L4 apart"),
    ],
)
def test_what_cannot_be_a_segment_is_said(upper, lower, reason):
    assert implausible(measure_segment(upper, lower)) == reason


@pytest.mark.parametrize("bad", [np.zeros((4, 2)), [(0, 0), (0, 0), (-5, 9), (5, 9)], [(0, 0), (9, 0), (0, 0), (9, 0)]])
def test_a_vertebra_without_extent(bad):
    flat = VertebraCorners("L5", np.array(bad), np.ones(4))
    with pytest.raises(ValueError, match=r"height and a width, got L5"):
        measure_segment(box("L4", -40), flat)
