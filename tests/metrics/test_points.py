"""Points, spacing and measurements as datalists and results hold them."""

import numpy as np
import pytest

from msk_monai.errors import DataError
from msk_monai.metrics.points import found_value, levels_of, true_points, true_spacing, vertebra
from tests.metrics.films import NAMES, measured, truth


def test_one_spacing_counts_for_both_axes():
    np.testing.assert_array_equal(true_spacing({"spacing_mm": 0.25}), [0.25, 0.25])
    np.testing.assert_array_equal(true_spacing({"spacing_mm": [0.2, 0.3]}), [0.2, 0.3])
    assert true_spacing({}) is None
    assert true_spacing({"spacing_mm": None}) is None


@pytest.mark.parametrize("spacing", [0, [1.0, -1.0], [1.0, 1.0, 1.0]])
def test_what_is_no_spacing(spacing):
    with pytest.raises(DataError, match="expected spacing_mm to be a positive number or"):
        true_spacing({"spacing_mm": spacing})


def test_points_have_names():
    with pytest.raises(DataError, match="expected points and landmark_names"):
        true_points({"points": [[1, 2]]})
    with pytest.raises(DataError, match="for each of 2 landmark_names, got 1"):
        true_points({"points": [[1, 2]], "landmark_names": ["a", "b"]})


def test_vertebrae_are_those_with_four_corners():
    assert levels_of(["T12_top_left", "femur_1", *NAMES]) == ("L3", "L4", "L5")
    points = true_points(truth())
    np.testing.assert_array_equal(vertebra(points, "L4").centre, [25.0, 50.0])
    assert vertebra({**points, "L4_top_left": None}, "L4") is None
    assert vertebra(points, "L2") is None


def test_a_value_is_looked_for_with_its_unit():
    answer = measured(a=(3.0, "mm"), b=(None, "deg"))
    assert found_value(answer, "a", "mm") == 3.0
    assert found_value(answer, "a", "{pixels}") is None
    assert found_value(answer, "b", "deg") is None
