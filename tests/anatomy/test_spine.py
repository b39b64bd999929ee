"""Levels of the spine."""

import pytest

from msk_monai.anatomy import SPINE, concept, level_range


def test_order_and_codes():
    assert [level.name for level in SPINE][-7:] == ["T12", "L1", "L2", "L3", "L4", "L5", "S1"]
    assert len({level.snomed for level in SPINE}) == len(SPINE)
    assert concept("L5").value == "49668003"


def test_codes_agree_with_the_dictionary_of_pydicom():
    from pydicom.sr.codedict import codes

    for level in SPINE:
        known = codes.SCT.Sacrum if level.name == "S1" else getattr(codes.SCT, f"{level.name}Vertebra")
        assert (known.value, known.scheme_designator) == (concept(level.name).value, concept(level.name).scheme)


def test_ranges():
    assert level_range("L3", "L3") == ("L3",)
    with pytest.raises(ValueError, match="from the head down, got L3 to L1"):
        level_range("L3", "L1")
    with pytest.raises(ValueError, match="expected a level from T1 to S1, got 'X9'"):
        level_range("X9", "L1")
