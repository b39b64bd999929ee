import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msk_monai.measure.spine_order import Candidates, name_vertebrae

LEVELS = 17


def column(count: int, *, first: int, sure: float = 0.9, shift: float = 0.0, score: float = 0.9) -> Candidates:
    """``count`` vertebrae one below the other, of which the names say that they begin with level ``first``."""
    quad = np.array([[-20.0, -10.0], [20.0, -10.0], [-20.0, 10.0], [20.0, 10.0]])
    corners = quad + np.array([[(100 + shift * k, 30 + 26 * k)] for k in range(count)])
    names = np.full((count, LEVELS), (1 - sure) / (LEVELS - 1))
    for k in range(count):
        if 0 <= first + k < LEVELS:
            names[k, first + k] = sure
    return Candidates(score=np.full(count, score), corners=corners, names=np.log(names))


def joined(*parts: Candidates) -> Candidates:
    return Candidates(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in ("score", "corners", "names")})


def taken(candidates: Candidates, keep: np.ndarray) -> Candidates:
    return Candidates(score=candidates.score[keep], corners=candidates.corners[keep], names=candidates.names[keep])


def test_a_whole_column_is_named_from_the_head_down():
    spine = name_vertebrae(column(17, first=0))
    assert spine.candidate.tolist() == list(range(17))
    assert spine.probability > 0.99


@given(first=st.integers(0, 12), count=st.integers(4, 17), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_names_follow_one_another_whatever_the_order_and_some_wrong_witnesses(first, count, seed):
    count = min(count, LEVELS - first)
    rng = np.random.default_rng(seed)
    seen = column(count, first=first)
    names = seen.names.copy()
    wrong = rng.choice(count, size=count // 4, replace=False)
    names[wrong] = np.roll(names[wrong], 1, axis=1)
    shuffled = rng.permutation(count)
    spine = name_vertebrae(taken(Candidates(score=seen.score, corners=seen.corners, names=names), shuffled))
    found = np.flatnonzero(spine.candidate >= 0)
    assert found.tolist() == list(range(first, first + count))
    assert shuffled[spine.candidate[found]].tolist() == list(range(count))


def test_an_eighteenth_vertebra_is_none_of_the_seventeen():
    spine = name_vertebrae(column(18, first=-1))
    assert spine.candidate.tolist() == list(range(1, 18))


def test_a_vertebra_that_was_not_seen_leaves_its_name_free():
    spine = name_vertebrae(taken(column(17, first=0), np.delete(np.arange(17), 6)))
    assert spine.candidate[6] == -1
    assert (np.delete(spine.candidate, 6) >= 0).all()


def test_what_lies_beside_the_spine_is_left_out():
    seen = column(17, first=0)
    beside = Candidates(score=np.array([0.6]), corners=seen.corners[8:9] + np.array([150.0, 5.0]), names=seen.names[8:9])
    assert name_vertebrae(joined(seen, beside)).candidate.tolist() == list(range(17))


def test_a_vertebra_seen_twice_is_taken_once():
    seen = column(17, first=0)
    twice = Candidates(score=np.array([0.5]), corners=seen.corners[8:9] + np.array([2.0, 6.0]), names=seen.names[8:9])
    assert name_vertebrae(joined(seen, twice)).candidate.tolist() == list(range(17))


def test_names_that_fit_nowhere_are_in_doubt():
    seen = column(8, first=4)
    undecided = Candidates(score=seen.score, corners=seen.corners, names=np.full_like(seen.names, -np.log(LEVELS)))
    assert name_vertebrae(undecided).probability == pytest.approx(1 / 10, abs=0.02)


def test_a_temperature_tempers_what_is_believed_and_not_what_is_chosen():
    seen = column(6, first=5, sure=0.3)
    sure, unsure = name_vertebrae(seen), name_vertebrae(seen, temperature=6.0)
    assert (sure.candidate == unsure.candidate).all()
    assert unsure.probability < sure.probability


def test_nothing_seen_is_no_spine():
    spine = name_vertebrae(Candidates(score=np.empty(0), corners=np.empty((0, 4, 2)), names=np.empty((0, LEVELS))))
    assert (spine.candidate == -1).all()
    assert spine.probability == 0
