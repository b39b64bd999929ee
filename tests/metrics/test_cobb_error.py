"""Errors of Cobb angles."""

import json

import numpy as np
import pytest

from msk_monai.errors import DataError
from msk_monai.metrics import CobbError, Pair
from tests.metrics.films import measured, truth


def angles(main, proximal, distal):
    return measured(cobb_main=(main, "deg"), cobb_proximal=(proximal, "deg"), cobb_distal=(distal, "deg"))


def test_angles_against_the_sets_own():
    assert CobbError()(angles(44.0, 10.0, 30.0), {"cobb_degrees": [40.0, 12.0, 24.0]}) == {
        "cobb_given": True,
        "cobb_main": Pair(44.0, 40.0, "deg"),
        "cobb_proximal": Pair(10.0, 12.0, "deg"),
        "cobb_distal": Pair(30.0, 24.0, "deg"),
        "cobb_smape": pytest.approx(100 * 12 / 160),
    }


def test_without_one_angle_there_is_no_smape():
    figures = CobbError()(angles(44.0, None, 30.0), {"cobb_degrees": [40.0, 12.0, 24.0]})
    assert figures == {"cobb_given": False, "cobb_main": Pair(44.0, 40.0, "deg"), "cobb_distal": Pair(30.0, 24.0, "deg")}


def test_angles_from_points():
    tilt = np.tan(np.radians(20))
    points = [[x, y + (x - 25) * tilt * (number // 4 - 1)] for number, (x, y) in enumerate(truth()["points"])]
    figures = CobbError()(angles(40.0, 20.0, 20.0), truth(points=points))
    assert figures["cobb_main"].true == pytest.approx(40.0)
    flat = [[2 * x, y] for x, y in points]
    assert CobbError()(angles(40.0, 20.0, 20.0), truth(points=flat, spacing_mm=[0.1, 0.2]))["cobb_main"].true == pytest.approx(40.0)
    assert CobbError()(angles(40.0, 20.0, 20.0), truth(points=[None, *points[1:]])) == {}


def test_straight_spines_found_straight_have_no_percentage():
    assert "cobb_smape" not in CobbError()(angles(0.0, 0.0, 0.0), {"cobb_degrees": [0, 0, 0]})


def test_other_names_and_what_is_missing():
    figures = CobbError(angles=("a", "b", "c"))(measured(a=(1.0, "deg")), {"cobb_degrees": [2, 3, 4]})
    assert figures == {"cobb_given": False, "a": Pair(1.0, 2.0, "deg")}
    with pytest.raises(ValueError, match="expected the names of 3 angles, got 1"):
        CobbError(angles=["a"])
    with pytest.raises(DataError, match="expected 3 cobb_degrees, got 2"):
        CobbError()(measured(), {"cobb_degrees": [1, 2]})
    with pytest.raises(DataError, match="expected points and landmark_names"):
        CobbError()(measured(), {})


def test_the_sets_angles_come_out_of_its_corners(real_data):
    content = json.loads((real_data / "aasce" / "datalist.json").read_text())
    for item in content["validation"]:
        from_points = {"landmark_names": content["landmark_names"], "points": item["points"]}
        figures = CobbError()(angles(*item["cobb_degrees"]), from_points)
        assert abs(figures["cobb_main"].predicted - figures["cobb_main"].true) < 0.1
