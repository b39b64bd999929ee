"""Decoding a profile into level ranges."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msk_monai.measure.level_profile import LevelModel, level_ranges
from msk_monai.transforms.level_target import class_shares

LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")
MODEL = LevelModel(levels=LEVELS)


def profile(edges, heights, noise=0.0, seed=0):
    shares = class_shares(np.asarray(heights), abs(heights[1] - heights[0]), np.asarray(edges, dtype=float)).astype(float)
    random = np.random.default_rng(seed).dirichlet(np.full(9, 0.3), len(heights)).T
    return (1 - noise) * shares + noise * random


def edges_from(lengths, top):
    return top - np.concatenate([[0], np.cumsum(lengths)])


lengths = st.lists(st.floats(24, 48), min_size=7, max_size=7)


@settings(deadline=None, max_examples=40)
@given(lengths=lengths, top=st.floats(-500, 500), offset=st.floats(0, 3))
def test_whole_spine_gives_back_its_edges(lengths, top, offset):
    edges = edges_from(lengths, top)
    heights = np.arange(edges[-1] - 60 + offset, edges[0] + 60, 3.0)
    ranges = level_ranges(profile(edges, heights), heights, MODEL)
    assert [r.name for r in ranges] == list(LEVELS)
    np.testing.assert_allclose([r.top for r in ranges], edges[:-1], atol=0.35)
    np.testing.assert_allclose([r.bottom for r in ranges], edges[1:], atol=0.35)
    assert all(r.complete and r.probability > 0.99 for r in ranges)


@settings(deadline=None, max_examples=40)
@given(lengths=lengths, low=st.floats(0, 1), high=st.floats(0, 1), seed=st.integers(0, 99))
def test_levels_stay_in_order_and_touch_whatever_the_noise(lengths, low, high, seed):
    edges = edges_from(lengths, 300.0)
    span = np.sort([low, high]) * 500 - 50
    heights = np.arange(span[0], span[1] + 15, 3.0)
    ranges = level_ranges(profile(edges, heights, noise=0.7, seed=seed), heights, MODEL)
    places = [LEVELS.index(r.name) for r in ranges]
    assert places == sorted(places)
    for upper, lower in pairwise(ranges):
        assert upper.bottom == pytest.approx(lower.top, abs=15)
    assert all(r.top >= r.bottom - 1e-6 for r in ranges)


@settings(deadline=None, max_examples=20)
@given(lengths=lengths, shift=st.floats(-1000, 1000))
def test_the_direction_and_origin_of_z_do_not_matter(lengths, shift):
    edges = edges_from(lengths, 250.0)
    heights = np.arange(-50, 300, 3.0)
    p = profile(edges, heights, noise=0.2)
    plain = level_ranges(p, heights, MODEL)
    moved = level_ranges(p[:, ::-1], (heights + shift)[::-1], MODEL)
    np.testing.assert_allclose([r.top + shift for r in plain], [r.top for r in moved], atol=1e-6)
    np.testing.assert_allclose([r.probability for r in plain], [r.probability for r in moved], atol=1e-9)


def test_a_cut_scan_marks_the_ends_it_does_not_show():
    edges = edges_from([30, 32, 34, 36, 36, 36, 30], 300.0)
    heights = np.arange(edges[4] + 10, edges[2] - 10, 3.0)  # from within L2 to within L3
    ranges = level_ranges(profile(edges, heights), heights, MODEL)
    assert [(r.name, r.top_seen, r.bottom_seen) for r in ranges] == [("L2", False, True), ("L3", True, False)]


def test_an_absent_l5_is_passed_over():
    edges = edges_from([30, 32, 34, 36, 36, 0, 30], 300.0)
    heights = np.arange(20, 350, 3.0)
    ranges = level_ranges(profile(edges, heights), heights, MODEL)
    assert [r.name for r in ranges] == ["T12", "L1", "L2", "L3", "L4", "S1"]


def test_two_runs_of_one_level_are_not_both_believed():
    edges = edges_from([30, 32, 34, 36, 36, 36, 30], 300.0)
    heights = np.arange(20, 350, 3.0)
    p = profile(edges, heights)
    second = (heights < edges[5]) & (heights > edges[5] - 12)  # within L5, 12 mm look like L3
    p[:, second] = np.eye(9)[4][:, None]
    ranges = level_ranges(p, heights, MODEL)
    assert [r.name for r in ranges] == list(LEVELS)
    assert ranges[3].top == pytest.approx(edges[3], abs=1.5)


def test_a_profile_without_a_hint_is_not_trusted():
    heights = np.arange(0, 330, 3.0)
    ranges = level_ranges(np.full((9, len(heights)), 1 / 9), heights, MODEL)
    assert max((r.probability for r in ranges), default=0.0) < 0.5


@pytest.mark.parametrize(
    ("shape", "heights", "message"),
    [
        ((8, 20), np.arange(20) * 3.0, "expected 9 classes"),
        ((9, 20), np.arange(19) * 3.0, "expected 9 classes"),
        ((9, 20), np.arange(20) ** 2.0, "evenly spaced"),
        ((9, 20), np.zeros(20), "evenly spaced"),
    ],
)
def test_shapes_that_do_not_fit(shape, heights, message):
    with pytest.raises(ValueError, match=message):
        level_ranges(np.full(shape, 1 / shape[0]), heights, MODEL)
