"""The middle of a level, and the reasons for withholding it."""

import pytest

from msk_monai.measure.level_profile import LevelModel, LevelRange
from msk_monai.measure.middle_of_level import middle_of_level

MODEL = LevelModel(levels=("T12", "L1", "L2", "L3", "L4", "L5", "S1"))


def level(name, top, bottom, *, middle=None, top_seen=True, bottom_seen=True, probability=0.9):
    return LevelRange(name=name, top=top, bottom=bottom, middle=middle, top_seen=top_seen, bottom_seen=bottom_seen, probability=probability)


def test_a_complete_level():
    found = middle_of_level([level("L2", 100, 66, middle=83), level("L3", 66, 30, middle=48.0)], "L3", MODEL)
    assert (found.z, found.reason, found.flags, found.probability) == (48.0, None, (), 0.9)


def test_a_cut_level_whose_middle_is_seen():
    found = middle_of_level([level("L2", 100, 66, middle=83), level("L3", 66, 40, middle=47.0, bottom_seen=False)], "L3", MODEL)
    assert found.z == 47.0
    assert found.flags == ("L3 is cut by the end of the scan",)


@pytest.mark.parametrize(
    ("ranges", "reason"),
    [
        ([level("L2", 100, 66), level("L3", 66, 55, bottom_seen=False)], "beyond the lowest slice"),
        ([level("L3", 66, 55, top_seen=False), level("L4", 55, 20)], "beyond the uppermost slice"),
        ([level("T12", 100, 66), level("L1", 66, 55)], r"it ends above L3 \(T12 to L1 seen\)"),
        ([level("L5", 100, 66)], r"it begins below L3 \(L5 seen\)"),
        ([], "none of T12 to S1 is seen"),
        ([level("L3", 66, 40, top_seen=False, bottom_seen=False)], "fills the whole scan"),
        ([level("L3", 66, 30, probability=0.1)], "cannot be told from its neighbours"),
    ],
)
def test_reasons_to_withhold(ranges, reason):
    import re

    found = middle_of_level(ranges, "L3", MODEL)
    assert found.z is None
    assert re.search(reason, found.reason)


def test_an_unknown_level():
    with pytest.raises(ValueError, match="expected one of T12"):
        middle_of_level([], "C3", MODEL)
