import numpy as np
import pytest

from msk_monai.datasets.mended_corners import mended_corners, with_mended_corners

QUAD = np.array([[-20.0, -10.0], [20.0, -10.0], [-20.0, 10.0], [20.0, 10.0]])


def row(count: int = 17) -> list[list[float]]:
    return (QUAD + np.array([[(100 + 3 * k, 40 + 26 * k)] for k in range(count)])).reshape(-1, 2).tolist()


def test_what_is_right_stays():
    assert mended_corners(row()) == row()


def test_a_row_that_begins_at_its_end_is_put_in_order():
    points = row()
    assert mended_corners(points[4:] + points[:4]) == points


def test_a_last_vertebra_far_above_is_not_taken_for_the_first():
    points = row()
    far = [[x, y - 300] for x, y in points[:4]]
    assert mended_corners(points[4:] + far)[:4] == points[4:8]


@pytest.mark.parametrize("stretch", [(1.0, 6.0), (1.0, 0.05), (-1.0, 1.0), (1.0, -1.0)])
def test_a_vertebra_of_no_possible_shape_is_unknown(stretch):
    points = row()
    middle = np.mean(points[20:24], axis=0)
    points[20:24] = (middle + (np.array(points[20:24]) - middle) * stretch).tolist()
    mended = mended_corners(points)
    assert mended[20:24] == [None] * 4
    assert mended[:20] == points[:20]
    assert mended[24:] == points[24:]


def test_a_vertebra_given_twice_is_known_once():
    points = row()
    points[64:] = [[x + 1, y + 2] for x, y in points[60:64]]
    mended = mended_corners(points)
    assert mended[64:] == [None] * 4
    assert mended[:64] == points[:64]


def test_points_that_are_not_known_stay_unknown():
    points = [None] * 4 + row()[4:]
    assert mended_corners(points) == points


def test_items_keep_everything_else():
    assert with_mended_corners([{"image": "a.png", "points": row()}, {"image": "b.png"}]) == [
        {"image": "a.png", "points": row()},
        {"image": "b.png"},
    ]
