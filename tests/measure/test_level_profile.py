"""Decoding a profile into level ranges."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from msk_monai.measure.level_profile import LevelModel, _best_cut, _marginals, _phase_scores, _segment_scores, level_ranges
from msk_monai.transforms.level_target import class_shares

LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")
MODEL = LevelModel(levels=LEVELS)


def profile(edges, heights, noise=0.0, seed=0):
    shares = class_shares(np.asarray(heights), abs(heights[1] - heights[0]), np.asarray(edges, dtype=float)).astype(float)
    random = np.random.default_rng(seed).dirichlet(np.full(9, 0.3), len(heights)).T
    return (1 - noise) * shares + noise * random


def phases(edges, heights, certainty=0.9):
    """Phase with a disc at every edge, and a level further at either end."""
    edges = np.unique(np.asarray(edges, dtype=float))
    edges = np.concatenate([[edges[0] - 30], edges, [edges[-1] + 30]])
    turns = np.interp(heights, edges, np.arange(len(edges)), left=np.nan, right=np.nan)
    return np.nan_to_num(certainty * np.exp(2j * np.pi * (turns - 0.5)))


def decode(edges, heights, noise=0.0, seed=0):
    return level_ranges(profile(edges, heights, noise, seed), phases(edges, heights), heights, MODEL)


def edges_from(lengths, top):
    return top - np.concatenate([[0], np.cumsum(lengths)])


lengths = st.lists(st.floats(24, 48), min_size=7, max_size=7)


@settings(deadline=None, max_examples=40)
@given(lengths=lengths, top=st.floats(-500, 500), offset=st.floats(0, 3))
def test_whole_spine_gives_back_its_edges(lengths, top, offset):
    edges = edges_from(lengths, top)
    heights = np.arange(edges[-1] - 60 + offset, edges[0] + 60, 3.0)
    ranges = decode(edges, heights)
    assert [r.name for r in ranges] == list(LEVELS)
    np.testing.assert_allclose([r.top for r in ranges], edges[:-1], atol=0.6)
    np.testing.assert_allclose([r.bottom for r in ranges], edges[1:], atol=0.6)
    assert all(r.complete and r.probability > 0.99 for r in ranges)


@settings(deadline=None, max_examples=40)
@given(lengths=lengths, low=st.floats(0, 1), high=st.floats(0, 1), seed=st.integers(0, 99))
def test_levels_stay_in_order_and_touch_whatever_the_noise(lengths, low, high, seed):
    edges = edges_from(lengths, 300.0)
    span = np.sort([low, high]) * 500 - 50
    heights = np.arange(span[0], span[1] + 15, 3.0)
    ranges = decode(edges, heights, noise=0.7, seed=seed)
    places = [LEVELS.index(r.name) for r in ranges]
    assert places == sorted(places)
    for upper, lower in pairwise(ranges):
        assert upper.bottom == lower.top
    assert all(r.top >= r.bottom - 1e-6 for r in ranges)
    assert all(heights[0] - 1.5 <= r.bottom and r.top <= heights[-1] + 1.5 for r in ranges)


@settings(deadline=None, max_examples=20)
@given(lengths=lengths, shift=st.floats(-1000, 1000))
def test_the_direction_and_origin_of_z_do_not_matter(lengths, shift):
    edges = edges_from(lengths, 250.0)
    heights = np.arange(-50, 300, 3.0)
    p = profile(edges, heights, noise=0.2)
    u = phases(edges, heights)
    plain = level_ranges(p, u, heights, MODEL)
    moved = level_ranges(p[:, ::-1], u[::-1], (heights + shift)[::-1], MODEL)
    np.testing.assert_allclose([r.top + shift for r in plain], [r.top for r in moved], atol=1e-6)
    np.testing.assert_allclose([r.probability for r in plain], [r.probability for r in moved], atol=1e-9)


def test_a_cut_scan_marks_the_ends_it_does_not_show():
    edges = edges_from([30, 32, 34, 36, 36, 36, 30], 300.0)
    heights = np.arange(edges[4] + 10, edges[2] - 10, 3.0)  # from within L2 to within L3
    ranges = decode(edges, heights)
    assert [(r.name, r.top_seen, r.bottom_seen) for r in ranges] == [("L2", False, True), ("L3", True, False)]
    assert [(r.top, r.bottom) for r in ranges] == [
        (heights[-1] + 1.5, pytest.approx(edges[3], abs=0.35)),
        (pytest.approx(edges[3], abs=0.35), heights[0] - 1.5),
    ]


@settings(deadline=None, max_examples=40)
@given(seen=st.floats(3.5, 20), offset=st.floats(0, 3))
def test_an_edge_near_the_end_of_the_scan_is_as_good_as_any(seen, offset):
    edges = edges_from([30, 32, 34, 36, 36, 36, 30], 300.0)
    top = edges[3] + seen  # so much of L2 is seen above L3
    heights = np.arange(top - 1.5 - 60 * 3, top, 3.0)
    ranges = decode(edges, heights)
    assert ranges[0].name == "L2"
    assert ranges[0].bottom == pytest.approx(edges[3], abs=0.35)


def test_an_absent_l5_is_passed_over():
    edges = edges_from([30, 32, 34, 36, 36, 0, 30], 300.0)
    heights = np.arange(20, 350, 3.0)
    ranges = decode(edges, heights)
    assert [r.name for r in ranges] == ["T12", "L1", "L2", "L3", "L4", "S1"]
    assert ranges[4].bottom == ranges[5].top == pytest.approx(edges[5], abs=0.35)


def test_two_runs_of_one_level_are_not_both_believed():
    edges = edges_from([30, 32, 34, 36, 36, 36, 30], 300.0)
    heights = np.arange(20, 350, 3.0)
    p = profile(edges, heights)
    second = (heights < edges[5]) & (heights > edges[5] - 12)  # within L5, 12 mm look like L3
    p[:, second] = np.eye(9)[4][:, None]
    ranges = level_ranges(p, phases(edges, heights), heights, MODEL)
    assert [r.name for r in ranges] == list(LEVELS)
    np.testing.assert_allclose([r.top for r in ranges], edges[:-1], atol=0.5)
    np.testing.assert_allclose([r.bottom for r in ranges], edges[1:], atol=0.5)


def test_a_profile_without_a_hint_is_not_trusted():
    heights = np.arange(0, 330, 3.0)
    ranges = level_ranges(np.full((9, len(heights)), 1 / 9), np.zeros(len(heights)), heights, MODEL)
    assert max((r.probability for r in ranges), default=0.0) < 0.5


def every_cut(classes, slices, absent):
    """All ways to cut a profile: segments, and the log-probability of the classes passed over between the first and the last."""
    for count in range(1, min(classes, slices) + 1):
        for names in combinations(range(classes), count):
            passed = [k for k in range(names[0], names[-1]) if k not in names]
            if all(np.isfinite(absent[k]) for k in passed):
                for inner in combinations(range(1, slices), count - 1):
                    places = pairwise([0, *inner, slices])
                    yield [(k, *place) for k, place in zip(names, places, strict=True)], sum(absent[k] for k in passed)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), step=st.sampled_from([3.0, 12.0, 25.0]))
def test_the_programme_agrees_with_trying_every_cut(seed, step):
    model = LevelModel(levels=("L3", "L4", "L5", "S1"), absent={"L4": -1.0, "L5": -1.5})
    observed = np.random.default_rng(seed).dirichlet(np.full(6, 0.4), 6).T
    scores = _segment_scores(observed, step, model) + _phase_scores(np.exp(1j * np.random.default_rng(seed).uniform(0, 7, 6)), 6)
    absent = np.array([-np.inf, *(model.absent.get(level, -np.inf) for level in model.levels), -np.inf])
    cuts = [(path, passed + sum(scores[segment] for segment in path)) for path, passed in every_cut(6, 6, absent)]
    weights = np.exp([score for _, score in cuts])
    truth = np.zeros((6, 6))
    for (path, _), weight in zip(cuts, weights / weights.sum(), strict=True):
        for k, start, end in path:
            truth[k, start:end] += weight
    assert _best_cut(scores, absent) == max(cuts, key=lambda cut: cut[1])[0]
    marginals = _marginals(scores, absent)
    np.testing.assert_allclose(marginals, truth, atol=1e-9)
    np.testing.assert_allclose(marginals.sum(axis=0), 1.0)


def test_numbers_that_are_not_finite():
    heights = np.arange(20) * 3.0
    for bad in ((np.full((9, 20), np.nan), np.zeros(20)), (np.full((9, 20), 1 / 9), np.full(20, np.nan))):
        with pytest.raises(ValueError, match="finite probabilities and phases"):
            level_ranges(*bad, heights, MODEL)
    with pytest.raises(ValueError, match="one phase a slice"):
        level_ranges(np.full((9, 20), 1 / 9), np.zeros(19), heights, MODEL)


@settings(deadline=None, max_examples=40)
@given(lengths=lengths, blur=st.floats(4, 12), seed=st.integers(0, 99))
def test_the_phase_makes_up_for_blurred_names(lengths, blur, seed):
    edges = edges_from(lengths, 300.0)
    heights = np.arange(edges[-1] - 60, edges[0] + 60, 3.0)
    error = np.random.default_rng(seed).normal(0, blur / 2)
    blurred = gaussian_filter1d(profile(edges + error, heights), blur / 3.0, axis=1, mode="nearest")
    ranges = level_ranges(blurred, phases(edges, heights), heights, MODEL)
    middles = (edges[:-1] + edges[1:]) / 2
    assert [r.name for r in ranges] == list(LEVELS)
    np.testing.assert_allclose([r.middle for r in ranges], middles, atol=0.05)


def test_a_cut_level_has_a_middle_where_the_scan_holds_it():
    edges = edges_from([30, 32, 34, 36, 36, 36, 30], 300.0)
    middle = (edges[3] + edges[4]) / 2
    for end, seen in ((middle + 4, None), (middle - 2, None), (middle - 7, pytest.approx(middle, abs=0.05))):
        heights = np.arange(end, 350, 3.0)
        last = decode(edges, heights)[-1]
        assert (last.name, last.complete, last.middle) == ("L3", False, seen)


def test_without_a_phase_a_whole_level_still_has_a_middle():
    edges = edges_from([30, 32, 34, 36, 36, 36, 30], 300.0)
    heights = np.arange(20, 350, 3.0)
    ranges = level_ranges(profile(edges, heights), np.zeros(len(heights)), heights, MODEL)
    np.testing.assert_allclose([r.middle for r in ranges], (edges[:-1] + edges[1:]) / 2, atol=2.0)


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
        level_ranges(np.full(shape, 1 / shape[0]), np.zeros(len(heights)), heights, MODEL)
