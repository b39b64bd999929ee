import numpy as np

from msk_monai.measure.level_components import level_components


def probabilities(tops: list[int], levels: list[int], *, count: int = 6, sure: float = 0.9, height: int = 14) -> np.ndarray:
    """(1 + count, 80, 200): bodies 24 wide whose upper edges lie at ``tops`` and that look like ``levels``."""
    maps = np.full((1 + count, 80, 200), 0.02 / count)
    maps[0] = 0.98
    for top, level in zip(tops, levels, strict=True):
        maps[:, 28:52, top : top + height] = (1 - sure) / count
        maps[1 + level, 28:52, top : top + height] = sure
    return maps


TOPS = [10 + 20 * k for k in range(6)]


def test_every_vertebra_is_one_part_with_its_name():
    found = level_components(probabilities(TOPS, [0, 1, 2, 3, 4, 5]))
    assert found.level.tolist() == [0, 1, 2, 3, 4, 5]
    assert np.unique(found.part).tolist() == list(range(7))
    assert found.probability > 0.8


def test_a_wrong_name_among_right_ones_is_put_right():
    assert level_components(probabilities(TOPS, [0, 1, 1, 3, 4, 5])).level.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_vertebra_of_two_names_is_one():
    maps = probabilities(TOPS, [0, 1, 2, 3, 4, 5])
    maps[[3, 4], 28:41, 50:64] = maps[[4, 3], 28:41, 50:64]
    found = level_components(maps)
    assert found.level.tolist() == [0, 1, 2, 3, 4, 5]


def test_two_that_touch_are_two():
    tops = TOPS.copy()
    tops[3] = tops[2] + 14
    found = level_components(probabilities(tops, [0, 1, 2, 3, 4, 5]))
    assert sorted(found.level.tolist()) == [0, 1, 2, 3, 4, 5]


def test_one_above_the_first_level_has_no_name():
    found = level_components(probabilities([10 + 20 * k for k in range(7)], [0, 0, 1, 2, 3, 4, 5]))
    assert found.level.tolist() == [-1, 0, 1, 2, 3, 4, 5]


def test_specks_are_no_vertebrae():
    maps = probabilities(TOPS, [0, 1, 2, 3, 4, 5])
    maps[:, 70:73, 150:153] = np.array([0.05, 0.95, 0, 0, 0, 0, 0])[:, None, None]
    assert len(level_components(maps).level) == 6


def test_nothing_is_nothing():
    found = level_components(probabilities([], []))
    assert len(found.level) == 0
    assert found.probability == 0
