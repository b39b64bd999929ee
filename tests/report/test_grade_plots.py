"""Plots of ordered grades."""

import numpy as np
from PIL import Image

from msk_monai.report.grade_plots import GradedValues, write_grade_plots

TRUTHS = np.arange(40) % 5


def graded(seed, **changes):
    rows = np.random.default_rng(seed).random((40, 5)) + 2 * np.eye(5)[TRUTHS]
    return GradedValues(**{"probabilities": rows / rows.sum(axis=1, keepdims=True), "truths": TRUTHS, **changes})


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_two_pictures_a_question(tmp_path):
    files = write_grade_plots({"kl": graded(1, interval=(0.7, 0.9))}, tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in files] == ["plots/kl_confusion.png", "plots/kl_calibration.png"]
    assert sorted((tmp_path / "plots").iterdir()) == sorted(files)  # nothing half written is left
    assert all(min(read(path).shape[:2]) > 300 for path in files)


def test_pictures_show_the_values_and_are_the_same_each_time(tmp_path):
    shifted = graded(1, truths=(TRUTHS + 1) % 5)
    one, again, other = (write_grade_plots({"a": values}, tmp_path / str(k)) for k, values in enumerate((graded(1), graded(1), shifted)))
    for k in range(2):
        assert one[k].read_bytes() == again[k].read_bytes()
        assert not np.array_equal(read(one[k]), read(other[k]))


def test_the_true_grade_is_the_row(tmp_path):
    rows = np.tile([0.1, 0.9], (4, 1))
    (confusion, _) = write_grade_plots({"a": GradedValues(probabilities=rows, truths=[0, 0, 0, 0])}, tmp_path)
    picture = read(confusion).astype(int)
    blue = (picture[..., 2] - picture[..., 0] > 60).nonzero()
    assert np.mean(blue[0]) < 0.5 * picture.shape[0]  # row 0 is above
    assert np.mean(blue[1]) > 0.5 * picture.shape[1]  # and what was said is on the right


def test_few_answers_make_no_picture(tmp_path):
    few = GradedValues(probabilities=[[0.1, 0.9]] * 2, truths=[0, 1])
    assert write_grade_plots({"few": few, "nothing": GradedValues(probabilities=np.empty((0, 0)), truths=[])}, tmp_path) == []
    assert not (tmp_path / "plots").exists()
