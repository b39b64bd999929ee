"""Plots of how figures spread."""

import numpy as np
from PIL import Image

from msk_monai.report.spread_plots import SpreadValues, write_spread_plots


def draw(folder, values, cases=40, names=()):
    [path] = write_spread_plots({"error": SpreadValues(values=values, cases=cases, names=names)}, folder)
    assert path == folder / "plots" / "error_distribution.png"
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_the_picture_shows_the_values_and_their_names(tmp_path):
    values = np.random.default_rng(0).gamma(2.0, 1.0, 40)
    plain = draw(tmp_path, values)
    assert plain.shape[1] > plain.shape[0] > 300
    assert np.array_equal(plain, draw(tmp_path, values))
    assert not np.array_equal(plain, draw(tmp_path, values + 1))
    assert not np.array_equal(plain, draw(tmp_path, values, names=["left", "right"] * 20))


def test_two_cases_make_no_picture(tmp_path):
    few = SpreadValues(values=[1.0, 2.0, 3.0, 4.0], cases=2)
    assert write_spread_plots({"few": few, "none": SpreadValues(values=[], cases=5)}, tmp_path) == []
    assert not (tmp_path / "plots").exists()
