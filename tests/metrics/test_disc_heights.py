"""Heights of discs against those of a label map."""

import numpy as np
import pytest
from PIL import Image

from msk_monai.errors import DataError
from msk_monai.measure.disc_row import CANAL, DISC, VERTEBRA
from msk_monai.metrics import DiscHeights, Share
from msk_monai.metrics.label_maps import FOLDER_KEY
from msk_monai.records import Findings, Measurement, Status
from tests.results import result

LEVELS = ("L5-S1", "L4-L5", "L3-L4")
HEIGHTS = {"L5-S1": 8, "L4-L5": 12, "L3-L4": 10}
"""Pixels, from the lowest up."""


def label_map():
    """(rows, columns) of three bodies, a disc below each, and the canal to the right; wider than high, so that axes cannot be mixed up."""
    classes = np.zeros((160, 200), dtype=np.uint8)
    classes[5:155, 120:134] = CANAL
    for place, height in enumerate(reversed(HEIGHTS.values())):
        top = 8 + 45 * place
        classes[top : top + 28, 60:106] = VERTEBRA
        classes[top + 30 : top + 30 + height, 62:104] = DISC
    return classes


@pytest.fixture
def truth(tmp_path):
    def write(classes=None, **changes):
        Image.fromarray(label_map() if classes is None else classes).save(tmp_path / "true.png")
        return {"label": "true.png", FOLDER_KEY: str(tmp_path), **changes}

    return write


def found(*levels, scale=1.0, off=0.0, unit="{pixels}"):
    rows = [
        Measurement(name=f"{level.lower().replace('-', '_')}_disc_height_{third}", value=HEIGHTS.get(level, 9) * scale + off, unit=unit)
        for level in levels
        for third in ("anterior", "middle", "posterior")
    ]
    return result("a", findings=Findings(measurements=tuple(rows)))


def values(figures, side):
    return [getattr(pair, side) for pair in figures["disc_height"].pairs]


def test_heights_are_compared_in_pixels_where_the_spacing_is_not_known(truth):
    figures = DiscHeights()(found(*LEVELS), truth())
    assert (figures["disc_count_right"], figures["discs_in_order"]) == (True, True)
    assert values(figures, "predicted") == [8, 8, 8, 12, 12, 12, 10, 10, 10]
    assert values(figures, "true") == pytest.approx([8, 8, 8, 12, 12, 12, 10, 10, 10], abs=0.3)
    assert {pair.unit for pair in figures["disc_height"].pairs} == {"{pixels}"}
    assert figures["disc_height_given"] == figures["disc_height_error_within_1_pixel"] == Share(9, 9)


def test_heights_are_compared_in_millimetres_of_the_true_spacing(truth):
    figures = DiscHeights()(found(*LEVELS, scale=0.5, unit="mm"), truth(spacing_mm=[0.7, 0.5]))
    assert values(figures, "true") == pytest.approx([4, 4, 4, 6, 6, 6, 5, 5, 5], abs=0.15)
    assert {pair.unit for pair in figures["disc_height"].pairs} == {"mm"}


@pytest.mark.parametrize(("off", "near"), [(0.3, 9), (0.8, 0)])
def test_a_pixel_is_as_long_as_its_shorter_side(truth, off, near):
    figures = DiscHeights()(found(*LEVELS, scale=0.5, off=off, unit="mm"), truth(spacing_mm=[0.7, 0.5]))
    assert figures["disc_height_error_within_1_pixel"] == Share(near, 9)


def test_a_result_in_another_unit_is_found_but_not_compared(truth):
    figures = DiscHeights()(found(*LEVELS), truth(spacing_mm=0.5))
    assert (figures["disc_count_right"], figures["discs_in_order"]) == (True, True)
    assert figures["disc_height_given"] == Share(0, 9)


def test_a_disc_that_was_missed_and_one_of_another_name(truth):
    fewer = DiscHeights()(found("L5-S1", "L3-L4"), truth())
    assert (fewer["disc_count_right"], fewer["discs_in_order"], fewer["disc_height_given"]) == (False, False, Share(6, 9))
    shifted = DiscHeights()(found("L2-L3", "L3-L4", "L4-L5"), truth())
    assert (shifted["disc_count_right"], shifted["discs_in_order"], shifted["disc_height_given"]) == (True, False, Share(6, 9))


def test_heights_that_are_withheld_are_none(truth):
    failed = result("a", findings=Findings(status=Status.FAILED))
    withheld = Findings(measurements=(Measurement(name="l4_l5_disc_height_middle", value=None, unit="{pixels}"),))
    for answer in (failed, result("a", findings=withheld)):
        figures = DiscHeights()(answer, truth())
        assert (figures["disc_count_right"], figures["discs_in_order"]) == (False, False)
        assert figures["disc_height"].pairs == ()
        assert (figures["disc_height_given"], figures["disc_height_error_within_1_pixel"]) == (Share(0, 9), Share(0, 0))


def test_the_order_of_the_results_measurements_says_nothing(truth):
    assert DiscHeights()(found(*reversed(LEVELS)), truth())["discs_in_order"] is True


def test_a_picture_without_discs(truth):
    empty = truth(np.zeros((40, 50), dtype=np.uint8))
    assert DiscHeights()(result("a"), empty)["disc_count_right"] is True
    assert DiscHeights()(found(*LEVELS), empty)["disc_count_right"] is False


def test_truths_that_cannot_be_used(truth):
    with pytest.raises(DataError, match="expected a label map, label, in the datalist"):
        DiscHeights()(found(), {"points": []})
    classes = label_map()
    classes[classes == CANAL] = 0
    with pytest.raises(DataError, match=r"^true\.png: expected the canal beside the discs"):
        DiscHeights()(found(), truth(classes))
    with pytest.raises(DataError, match=r"true\.png: expected classes from 0 to 3, got up to 7"):
        DiscHeights()(found(), truth(np.full((9, 9), 7, dtype=np.uint8)))
