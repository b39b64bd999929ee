"""What part of the body words name."""

import pytest

from msk_monai.dicom.body_region import named_regions, told_regions
from msk_monai.dicom.instance import SeriesHeader


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("KNEE", ["knee"]),
        ("Knie links ap", ["knee"]),
        ("BEIDE KNIE AP STEHEND", ["knee"]),
        ("Kniegelenk re.", ["knee"]),
        ("GENOU_FACE", ["head", "knee"]),  # French for "from the front": a bundle that must be sure stands back
        ("RODILLA AP", ["knee"]),
        ("XR KNEES STANDING", ["knee"]),
        ("L-SPINE AP", ["spine"]),
        ("LSPINE", ["spine"]),
        ("LWS a.p.", ["spine"]),
        ("L-S Spine", ["spine"]),
        ("LENDENWIRBELSAEULE", ["spine"]),
        ("Rachis lombaire", ["spine"]),
        ("Columna lumbar AP", ["spine"]),
        ("WHOLESPINE", ["spine"]),
        ("scoliosis film", ["spine"]),
        ("T12-L5", ["spine"]),
        ("HIP", ["hip"]),
        ("CHEST", ["chest"]),
        ("EXTREMITY", ["leg"]),
        ("Upper Extremity", ["arm"]),
        ("Whole Body Bone", []),
        ("AP", []),
        ("t2_tse_sag", []),
        ("Standard", []),
        ("chip on shoulder", ["shoulder"]),
        ("HANDS", ["hand"]),
        ("LOWERLEG", ["leg"]),
        ("UPPERARM", ["arm"]),
        ("HEADNECK", ["head", "neck"]),
        ("TLSPINE", ["spine"]),
        ("THORACOLUMBAR SPINE", ["spine"]),
        ("Femur neck", ["leg", "neck"]),
        ("patellofemoral", ["knee"]),
        ("Sacroiliac joints", ["pelvis"]),
        ("Unknown", []),
        ("", []),
    ],
)
def test_words_of_several_languages_name_regions(text, regions):
    assert named_regions(text) == regions


def test_each_region_comes_with_what_says_so():
    told = told_regions(SeriesHeader(body_part="EXTREMITY", description="Knie links", study_description="LWS, Knie"))
    assert told == {"leg": "body part 'EXTREMITY'", "knee": "series description 'Knie links'"}


def test_the_study_is_asked_where_the_series_says_nothing():
    assert told_regions(SeriesHeader(description="AP", study_description="LWS")) == {"spine": "study description 'LWS'"}
    assert told_regions(SeriesHeader(description="AP")) == {}
