"""Corners of a vertebra and the lines between them."""

import numpy as np
import pytest

from msk_monai.measure.vertebra_corners import CORNER_NAMES, VertebraCorners

CORNERS = np.array([(10, 20), (50, 22), (12, 50), (52, 48)], dtype=float)


def vertebra(corners=CORNERS, confidence=(1, 1, 1, 1)):
    return VertebraCorners("L4", corners, confidence)


def test_lines_and_lengths():
    v = vertebra()
    np.testing.assert_array_equal(v.superior_endplate, [(10, 20), (50, 22)])
    np.testing.assert_array_equal(v.inferior_endplate, [(12, 50), (52, 48)])
    np.testing.assert_array_equal(v.mid_line, [(11, 35), (51, 35)])
    np.testing.assert_array_equal(v.axis, (2, 28))
    np.testing.assert_array_equal(v.centre, (31, 35))
    assert v.width == 40
    assert v.height == pytest.approx(np.hypot(2, 28))


def test_the_polygon_does_not_cross_itself():
    order = [CORNER_NAMES[CORNERS.tolist().index(point)] for point in vertebra().polygon.tolist()]
    assert order == ["top_left", "top_right", "bottom_right", "bottom_left"]


def test_scaled_by_columns_first():
    v = vertebra().scaled((0.5, 2.0))
    np.testing.assert_array_equal(v.corners, CORNERS * [0.5, 2.0])
    assert v.name == "L4"
    np.testing.assert_array_equal(v.confidence, 1)


def test_nothing_given_can_change_it_afterwards():
    given = CORNERS.copy()
    v = vertebra(given)
    given[:] = 0
    np.testing.assert_array_equal(v.corners, CORNERS)
    with pytest.raises(ValueError, match="read-only"):
        v.corners[0] = 0


@pytest.mark.parametrize(
    ("corners", "confidence", "message"),
    [
        (CORNERS[:3], np.ones(4), r"corners of L4 of shape \(4, 2\), got \(3, 2\)"),
        (CORNERS, np.ones(3), r"confidences of L4 of shape \(4,\), got \(3,\)"),
        (np.where(CORNERS == 22, np.nan, CORNERS), np.ones(4), "finite corners of L4"),
        (CORNERS, [1, 1, 1, np.nan], "finite confidences of L4"),
    ],
)
def test_wrong_corners(corners, confidence, message):
    with pytest.raises(ValueError, match=message):
        vertebra(corners, confidence)


@pytest.mark.parametrize("spacing", [(1,), (1, 0), (-1, 1), (np.nan, 1), 1.0])
def test_wrong_spacing(spacing):
    with pytest.raises(ValueError, match="positive spacing"):
        vertebra().scaled(spacing)
