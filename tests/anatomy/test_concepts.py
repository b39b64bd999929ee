"""Codes of structures, measurements and units, against those that pydicom took from the standard."""

import pytest
from pydicom.sr._concepts_dict import concepts

from msk_monai.anatomy import SPINE, measured, structures
from msk_monai.anatomy import concepts as coding
from msk_monai.anatomy.discs import LEVELS
from msk_monai.anatomy.knee import LINES

STANDARD = {scheme: {code for codes in known.values() for code in codes} for scheme, known in concepts.items()}
"""Code values of DICOM PS3.16 by scheme."""
CONSTANTS = [one for module in (structures, measured) for one in vars(module).values() if isinstance(one, coding.Concept)]
OF_A_DISC = ("angle", "disc_height_anterior", "disc_height_middle", "disc_area", "canal_width", "annulus_sd", "interval_minimum")


def every_concept():
    yield from CONSTANTS
    yield from structures.SIDES.values()
    yield from (structures.structure(name) for name in (*(level.name for level in SPINE), *LEVELS, "vertebra", "disc", "canal", "knee"))
    for disc in LEVELS:
        for base in OF_A_DISC:
            found = measured.measured(f"{disc.lower().replace('-', '_')}_{base}")
            yield from (one for one in (found.concept, found.modifier, found.derivation) if one)


def test_every_standard_code_is_in_the_standard():
    found = set(every_concept())
    assert len(found) > 40
    assert {one for one in found if one.scheme != coding.PRIVATE_SCHEME and one.value not in STANDARD[one.scheme]} == set()


@pytest.mark.parametrize("name", ["L1", "L5", "T12"])
def test_a_level_is_coded_as_itself(name):
    meanings = {code: meaning for codes in concepts["SCT"].values() for code, (meaning, _) in codes.items()}
    assert meanings[structures.structure(name).value] == f"{name} vertebra"


def test_a_disc_is_coded_as_itself():
    codes = {meaning: code for known in concepts["SCT"].values() for code, (meaning, cids) in known.items() if 7604 in cids}
    assert {name: structures.structure(name).value for name in LEVELS} == {name: codes[f"{name.replace('-', '/')} disc"] for name in LEVELS}


@pytest.mark.parametrize(
    ("name", "site", "side", "level", "meaning"),
    [
        ("l3_middle_z", "L3", None, None, "Height z of the middle, in patient coordinates"),
        ("t12_area", "T12", None, None, "Area"),
        ("l5_s1_canal_width", "canal", None, "L5-S1", "Width"),
        ("left_medial_joint_space", "knee", "left", None, "Medial joint space"),
        ("cobb_main", None, None, None, "Cobb angle"),
        ("anterior_counts", None, None, None, "Anterior counts"),
        ("something_new", None, None, None, "Something new"),
    ],
)
def test_a_name_tells_site_side_and_concept(name, site, side, level, meaning):
    found = measured.measured(name)
    assert (found.site, found.side, found.level, found.concept.meaning) == (site, side, level, meaning)


def test_the_lines_of_a_knee_belong_to_it():
    assert {measured.measured(name).site for name in LINES} == {"knee"}


def test_meanings_are_as_short_as_dicom_wants_them():
    assert max(len(one.meaning) for one in every_concept()) <= 64
    assert max(map(len, measured._MEANINGS.values())) <= 64
