"""Plots of probabilities."""

import numpy as np
from PIL import Image

from msk_monai.report.score_plots import ScoredValues, write_score_plots

TRUTHS = np.arange(40) % 3 == 0


def scored(seed, **changes):
    probabilities = np.random.default_rng(seed).random(40) * 0.7 + 0.3 * TRUTHS
    return ScoredValues(**{"probabilities": probabilities, "truths": TRUTHS, "threshold": 0.5, **changes})


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_three_pictures_a_question(tmp_path):
    files = write_score_plots({"tear": scored(1, interval=(0.7, 0.9))}, tmp_path)
    names = ["tear_roc.png", "tear_confusion.png", "tear_calibration.png"]
    assert files == [tmp_path / "plots" / name for name in names]
    assert sorted((tmp_path / "plots").iterdir()) == sorted(files)  # nothing half written is left
    assert all(min(read(path).shape[:2]) > 300 for path in files)


def test_pictures_show_the_values_and_are_the_same_each_time(tmp_path):
    one, again, other = (write_score_plots({"a": values}, tmp_path / str(k)) for k, values in enumerate((scored(1), scored(1), scored(2))))
    for k in range(3):
        assert one[k].read_bytes() == again[k].read_bytes()
        assert not np.array_equal(read(one[k]), read(other[k]))
    moved, answers, _ = write_score_plots({"a": scored(1, threshold=0.8)}, tmp_path / "moved")
    assert not np.array_equal(read(one[0]), read(moved))
    assert not np.array_equal(read(one[1]), read(answers))


def test_one_class_and_few_answers_make_no_picture(tmp_path):
    few = ScoredValues(probabilities=[0.1, 0.9], truths=[0, 1], threshold=0.5)
    one = ScoredValues(probabilities=[0.1, 0.9, 0.3], truths=[0, 0, 0], threshold=0.5)
    nothing = ScoredValues(probabilities=[], truths=[], threshold=0.5)
    assert write_score_plots({"few": few, "one": one, "nothing": nothing}, tmp_path) == []
    assert not (tmp_path / "plots").exists()
