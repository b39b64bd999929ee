"""Plots of agreement."""

import numpy as np
from PIL import Image

from msk_monai.report.plots import PairedValues, write_agreement_plots


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_picture_a_quantity(tmp_path):
    angles = PairedValues(predicted=[3.0, 5.5, 9.0, 11.0], true=[2.0, 6.0, 8.0, 12.0], unit="deg")
    same = PairedValues(predicted=[1.0, 1.0, 1.0], true=[1.0, 1.0, 1.0])
    few = PairedValues(predicted=[1.0, 2.0], true=[1.0, 2.0])
    files = write_agreement_plots({"l4_l5_angle": angles, "same": same, "few": few}, tmp_path)
    assert files == [tmp_path / "plots" / "l4_l5_angle.png", tmp_path / "plots" / "same.png"]
    assert sorted((tmp_path / "plots").iterdir()) == files  # nothing half written is left
    picture = read(files[0])
    assert picture.shape[1] > picture.shape[0] > 300


def test_pictures_show_the_values_and_are_the_same_each_time(tmp_path):
    true = np.arange(10.0)
    paths = [
        write_agreement_plots({"a": PairedValues(predicted=predicted, true=true, unit="mm")}, tmp_path / name)[0]
        for name, predicted in (("one", true + 1), ("again", true + 1), ("other", true - 1))
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert not np.array_equal(read(paths[0]), read(paths[2]))


def test_nothing_to_draw_makes_no_folder(tmp_path):
    assert write_agreement_plots({}, tmp_path) == []
    assert not (tmp_path / "plots").exists()
