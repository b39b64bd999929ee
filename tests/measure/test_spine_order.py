import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msk_monai.measure.spine_order import Chain, Naming, name_chain, spine_chain

LEVELS = 17
QUAD = np.array([[-20.0, -10.0], [20.0, -10.0], [-20.0, 10.0], [20.0, 10.0]])


def column(count: int, *, shift: float = 0.0) -> np.ndarray:
    """(count, 4, 2) corners of vertebrae one below the other."""
    return QUAD + np.array([[(100 + shift * k, 30 + 26 * k)] for k in range(count)])


def witnesses(levels: list[int], *, sure: float = 0.9) -> np.ndarray:
    """(M, LEVELS + 2) what members say that look like these levels; -1 is above the first, LEVELS below the last."""
    names = np.full((len(levels), LEVELS + 2), (1 - sure) / (LEVELS + 1))
    for row, level in zip(names, levels, strict=True):
        row[level + 1] = sure
    return np.log(names)


def named(levels: list[int], *, sure: float = 0.9, **options: float) -> Naming:
    count = len(levels)
    return name_chain(Chain(member=np.arange(count), place=np.arange(count)), witnesses(levels, sure=sure), **options)


@given(count=st.integers(2, 19), seed=st.integers(0, 99), lean=st.floats(-8, 8))
@settings(max_examples=30)
def test_a_column_is_a_chain_from_the_head_down_whatever_the_order_of_its_candidates(count, seed, lean):
    shuffled = np.random.default_rng(seed).permutation(count)
    chain = spine_chain(np.full(count, 0.8), column(count, shift=lean)[shuffled])
    assert shuffled[chain.member].tolist() == list(range(count))
    assert chain.place.tolist() == list(range(count))


def test_a_vertebra_that_was_not_seen_leaves_its_place_free():
    chain = spine_chain(np.full(16, 0.8), np.delete(column(17), 6, axis=0))
    assert chain.place.tolist() == [*range(6), *range(7, 17)]


@pytest.mark.parametrize(("away", "score"), [((150.0, 5.0), 0.6), ((2.0, 6.0), 0.5)])
def test_what_lies_beside_the_spine_or_was_seen_twice_is_left_out(away, score):
    corners = column(17)
    chain = spine_chain(np.array([0.8] * 17 + [score]), np.concatenate([corners, corners[8:9] + np.array(away)]))
    assert chain.member.tolist() == list(range(17))


def test_nothing_seen_is_no_chain():
    chain = spine_chain(np.empty(0), np.empty((0, 4, 2)))
    assert len(chain.member) == 0
    assert name_chain(chain, np.empty((0, LEVELS + 2))).probability == 0


@given(first=st.integers(-1, 12), count=st.integers(4, 19), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_names_follow_one_another_in_spite_of_some_wrong_witnesses(first, count, seed):
    levels = list(range(first, min(first + count, LEVELS + 1)))
    names = witnesses(levels)
    wrong = np.random.default_rng(seed).choice(len(levels), size=len(levels) // 4, replace=False)
    names[wrong] = np.roll(names[wrong], 1, axis=1)
    naming = name_chain(Chain(member=np.arange(len(levels)), place=np.arange(len(levels))), names)
    assert naming.level.tolist() == levels
    assert naming.probability > 0.9


def test_names_pass_over_a_free_place():
    naming = name_chain(Chain(member=np.arange(3), place=np.array([0, 1, 3])), witnesses([4, 5, 7]))
    assert naming.level.tolist() == [4, 5, 7]


def test_vertebrae_beyond_the_levels_are_named_so():
    assert named([-1, 0, 1, 2]).level.tolist() == [-1, 0, 1, 2]
    assert named([-1, -1, 0, 1, 2]).level.tolist() == [-2, -1, 0, 1, 2]
    assert named([15, 16, 17]).level.tolist() == [15, 16, 17]


def test_names_that_fit_nowhere_are_in_doubt():
    count = 8
    undecided = np.full((count, LEVELS + 2), -np.log(LEVELS + 2))
    naming = name_chain(Chain(member=np.arange(count), place=np.arange(count)), undecided)
    assert naming.probability == pytest.approx(1 / (LEVELS + count - 1))


def test_a_temperature_tempers_what_is_believed_and_not_what_is_chosen():
    sure, unsure = named([5, 6, 7, 8], sure=0.3), named([5, 6, 7, 8], sure=0.3, temperature=6.0)
    assert sure.level.tolist() == unsure.level.tolist()
    assert unsure.probability < sure.probability
