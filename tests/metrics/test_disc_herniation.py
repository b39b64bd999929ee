"""Herniated discs against what is known of each level."""

import pytest

from msk_monai.errors import DataError
from msk_monai.metrics import DiscHerniation, Pair, Pairs, Scores, Share
from msk_monai.records import Findings, Measurement, Status
from tests.results import result

METRIC = DiscHerniation(threshold=0.4)


def found(**values):
    """Measurements by name, in mm where the name is a length's."""
    units = {name: "1" if name.endswith(("probability", "share")) else "mm" for name in values}
    return result("a", findings=Findings(measurements=tuple(Measurement(name=n, value=v, unit=units[n]) for n, v in values.items())))


def test_every_level_with_a_truth_and_a_probability_is_scored():
    answer = found(l4_l5_herniation_probability=0.9, l5_s1_herniation_probability=0.2, l3_l4_herniation_probability=0.3)
    figures = METRIC(answer, {"discs": {"L4-L5": {"herniation": 1}, "L5-S1": {"herniation": 0}, "L1-L2": {"herniation": 0, "grade": 2}}})
    assert figures == {"herniation": Scores((0.9, 0.2), (True, False), 0.4, ("l4_l5", "l5_s1")), "level_given": Share(2, 3)}


def test_a_single_image_has_a_level_and_a_label():
    figures = METRIC(found(l4_l5_herniation_probability=0.9), {"level": "L4-L5", "label": 0})
    assert figures == {"herniation": Scores((0.9,), (False,), 0.4, ("l4_l5",)), "level_given": Share(1, 1)}


def test_a_case_without_an_answer_is_counted():
    nothing = result("a", findings=Findings(status=Status.FAILED, reason="no"))
    truth = {"discs": {"L4-L5": {"herniation": 1, "canal_width_mm": 12.0}}}
    expected = {"herniation": Scores((), (), 0.4), "level_given": Share(0, 1)}
    assert METRIC(nothing, truth) == {**expected, "canal_width_mm": Pairs(()), "canal_width_mm_given": Share(0, 1)}
    withheld = found(l4_l5_herniation_probability=None)
    assert METRIC(withheld, {"level": "L4-L5", "label": 1}) == expected


def test_lengths_are_paired_over_the_levels():
    answer = found(
        l4_l5_annulus_mean=5.0,
        l5_s1_annulus_mean=6.0,
        l4_l5_annulus_minimum=3.0,
        l4_l5_annulus_sd=1.0,
        l4_l5_nucleus_share=0.4,
        l4_l5_posterior_thickness=4.0,
        l4_l5_canal_width=15.0,
    )
    known = {
        "annulus_mean_mm": 5.5,
        "annulus_minimum_mm": 3.5,
        "annulus_sd_mm": 0.8,
        "nucleus_share": 0.5,
        "posterior_thickness_mm": 4.5,
        "canal_width_mm": 14,
    }
    figures = METRIC(answer, {"discs": {"L4-L5": known, "L5-S1": {"annulus_mean_mm": 5, "nucleus_share": 0.6}, "L3-L4": {"herniation": 0}}})
    assert figures == {
        "herniation": Scores((), (), 0.4),
        "level_given": Share(0, 3),
        "annulus_mean_mm": Pairs((Pair(5.0, 5.5, "mm"), Pair(6.0, 5.0, "mm"))),
        "annulus_mean_mm_given": Share(2, 2),
        "annulus_minimum_mm": Pairs((Pair(3.0, 3.5, "mm"),)),
        "annulus_minimum_mm_given": Share(1, 1),
        "annulus_sd_mm": Pairs((Pair(1.0, 0.8, "mm"),)),
        "annulus_sd_mm_given": Share(1, 1),
        "nucleus_share": Pairs((Pair(0.4, 0.5, "1"),)),
        "nucleus_share_given": Share(1, 2),
        "posterior_thickness_mm": Pairs((Pair(4.0, 4.5, "mm"),)),
        "posterior_thickness_mm_given": Share(1, 1),
        "canal_width_mm": Pairs((Pair(15.0, 14.0, "mm"),)),
        "canal_width_mm_given": Share(1, 1),
    }


def test_a_level_whose_herniation_is_not_known_is_not_scored():
    figures = METRIC(found(l4_l5_herniation_probability=0.9), {"discs": {"L4-L5": {"herniation": None, "canal_width_mm": 12.0}}})
    assert figures["herniation"] == Scores((), (), 0.4)
    assert figures["level_given"] == Share(1, 1)


def test_pixels_are_no_millimetres():
    measurements = (Measurement(name="l4_l5_canal_width", value=15.0, unit="{pixels}"),)
    figures = METRIC(result("a", findings=Findings(measurements=measurements)), {"discs": {"L4-L5": {"canal_width_mm": 12.0}}})
    assert figures["canal_width_mm_given"] == Share(0, 1)


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ({}, "expected discs by level, or level and label, in the datalist"),
        ({"level": "L4-L5"}, "expected discs by level, or level and label"),
        ({"discs": {}}, "expected discs by level"),
        ({"discs": [1, 0]}, "expected discs by level"),
        ({"discs": {"L4": {"herniation": 1}}}, "expected levels such as L4-L5, got L4"),
        ({"level": ["L4-L5"], "label": 1}, "expected levels such as L4-L5"),
        ({"discs": {"L4-L5": 1}}, "expected what is known of L4-L5 by name, got int"),
        ({"discs": {"L4-L5": {"herniated": 1}}}, "expected herniation or a length of L4-L5, got herniated"),
        ({"discs": {"L4-L5": {}}}, "expected herniation or a length of L4-L5, got nothing"),
        ({"discs": {"L4-L5": {"herniation": 2}}}, "expected herniation of L4-L5 to be 0 or 1, got 2"),
        ({"level": "L4-L5", "label": "a.png"}, "expected herniation of L4-L5 to be 0 or 1, got a.png"),
        ({"discs": {"L4-L5": {"canal_width_mm": "12"}}}, "expected canal_width_mm of L4-L5 to be a number, got 12"),
    ],
)
def test_truths_that_cannot_be_used(truth, message):
    with pytest.raises(DataError, match=message):
        METRIC(found(), truth)
