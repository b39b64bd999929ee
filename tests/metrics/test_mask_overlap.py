"""Overlap of label maps."""

import numpy as np
import pytest
from PIL import Image

from msk_monai.metrics import MaskOverlap, Share
from msk_monai.metrics.label_maps import FOLDER_KEY
from tests.results import result

LEVELS = ("L4", "L5", "S1")
TRUE = np.array([[1, 1, 1, 1], [2, 2, 2, 2], [0, 0, 0, 0]])


@pytest.fixture
def compare(tmp_path):
    def call(found, true=TRUE):
        Image.fromarray(np.asarray(true, dtype=np.uint8)).save(tmp_path / "true.png")
        known = {"label": "true.png", FOLDER_KEY: str(tmp_path)}
        if found is None:
            return MaskOverlap(levels=LEVELS)(result("a"), known, folder=tmp_path)
        (tmp_path / "out" / "segmentations").mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / "out" / "segmentations" / "a.npy", np.asarray(found))
        answer = result("a", outputs={"segmentation": "segmentations/a.npy"})
        return MaskOverlap(levels=LEVELS)(answer, known, folder=tmp_path / "out")

    return call


def test_overlap_worked_out_by_hand(compare):
    figures = compare([[1, 1, 1, 0], [2, 2, 1, 1], [0, 0, 0, 3]])
    assert figures == {
        "segmentation_given": True,
        "dice_l4": pytest.approx(6 / 9),
        "dice_l5": pytest.approx(4 / 6),
        "mean_dice": pytest.approx(2 / 3),
        "dice_as_one": pytest.approx(14 / 16),
        "accuracy": pytest.approx(8 / 12),
        "sensitivity": pytest.approx(5 / 8),
        "specificity": pytest.approx(3 / 4),
        "named_right": Share(1, 2),  # L5 is half L5, half L4: L4 comes first
        "all_named_right": False,
        "false_levels": Share(1, 1),
    }


def test_perfect(compare):
    figures = compare(TRUE)
    assert all(figures[name] == 1.0 for name in ("mean_dice", "dice_as_one", "accuracy", "sensitivity", "specificity"))
    assert figures["named_right"] == Share(2, 2)
    assert figures["all_named_right"] is True
    assert figures["false_levels"] == Share(0, 1)


def test_names_one_level_off_overlap_as_one_only(compare):
    figures = compare(np.where(TRUE > 0, TRUE + 1, 0))
    assert (figures["dice_as_one"], figures["mean_dice"], figures["sensitivity"]) == (1.0, 0.0, 0.0)
    assert figures["named_right"] == Share(0, 2)


def test_nothing_found_and_nothing_given(compare):
    blank = compare(np.zeros_like(TRUE))
    assert (blank["mean_dice"], blank["sensitivity"], blank["specificity"], blank["named_right"]) == (0.0, 0.0, 1.0, Share(0, 2))
    assert compare(None) == {"segmentation_given": False, "named_right": Share(0, 2), "all_named_right": False}


def test_a_slice_without_vertebrae_and_one_without_background(compare):
    empty = compare(np.zeros_like(TRUE), true=np.zeros_like(TRUE))
    assert empty == {"segmentation_given": True, "accuracy": 1.0, "specificity": 1.0, "false_levels": Share(0, 3)}
    full = compare(np.ones_like(TRUE), true=np.ones_like(TRUE))
    assert "specificity" not in full
    assert full["dice_l4"] == 1.0
