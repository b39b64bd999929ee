import numpy as np
import pytest
from scipy import ndimage

from msk_monai.measure.disc_row import CANAL, DISC, NAMES, VERTEBRA, disc_row

STEP, BODY, GAP = 40, 28, 12


def spine(bodies=6, *, without=(), lowest_body=False, processes=True, slope=0.15):
    """A label map (X, Y) of so many bodies, a disc below each, the canal behind them, and processes behind that."""
    labels = np.zeros((160, bodies * STEP + 80), dtype=np.uint8)
    for k in range(bodies):
        top = 10 + k * STEP
        left = 40 + int(slope * top)
        labels[left : left + 45, top : top + BODY] = VERTEBRA
        if k not in without:
            labels[left + 2 : left + 44, top + BODY + 1 : top + STEP - 1] = DISC
        if processes:
            labels[left + 75 : left + 83, top + 5 : top + 14] = VERTEBRA
    if lowest_body:
        top = 10 + bodies * STEP
        labels[50:95, top : top + BODY] = VERTEBRA
    for y in range(5, labels.shape[1] - 20):
        left = 40 + int(slope * y)
        labels[left + 50 : left + 66, y] = np.where(labels[left + 50 : left + 66, y] == 0, CANAL, labels[left + 50 : left + 66, y])
    return labels


def names(labels):
    return [disc.name for disc in disc_row(labels)]


def test_discs_are_named_from_the_sacrum_up():
    found = disc_row(spine())
    assert [disc.name for disc in found] == ["L5-S1", "L4-L5", "L3-L4", "L2-L3", "L1-L2", "T12-L1"]
    for disc in found:
        assert disc.mask.sum() == 42 * (GAP - 2)
        assert disc.posterior[0] > 0  # to the canal
    heights = [np.argwhere(disc.mask)[:, 1].mean() for disc in found]
    assert heights == sorted(heights, reverse=True)


def test_the_name_of_a_disc_that_was_not_seen_stays_free():
    assert names(spine(without=(3,))) == ["L5-S1", "L4-L5", "L2-L3", "L1-L2", "T12-L1"]
    assert names(spine(without=(2, 3))) == ["L5-S1", "L4-L5", "L1-L2", "T12-L1"]


def test_a_body_below_the_lowest_disc_says_that_another_was_not_seen():
    assert names(spine(without=(5,), lowest_body=True))[0] == "L3-L4"
    assert names(spine(lowest_body=True))[0] == "L4-L5"
    assert names(spine(lowest_body=True, processes=False))[0] == "L4-L5"


def test_specks_are_no_discs():
    labels = spine()
    labels[5:9, 60:64] = DISC
    labels[8:10, 100:102] = DISC
    assert names(labels) == names(spine())


def test_more_discs_than_names_keep_those_that_have_one():
    assert names(spine(bodies=20)) == list(NAMES)


@pytest.mark.parametrize("missing", [DISC, CANAL])
def test_nothing_is_found_without_discs_or_canal(missing):
    labels = spine()
    labels[labels == missing] = 0
    assert disc_row(labels) == ()


def test_a_part_far_from_all_vertebrae_is_no_disc():
    labels = spine(processes=False)
    other = labels.copy()
    other[125:155, 60:70] = DISC  # behind the canal, as large as most
    assert names(other) == names(labels)
    other[60:100, -30:-20] = DISC  # below the sacrum
    assert names(other) == names(labels)


def test_a_disc_that_a_thin_gap_parts_from_its_vertebrae_is_one():
    labels = spine()
    gaps = np.where(ndimage.binary_dilation(labels == VERTEBRA, iterations=3) & (labels == DISC), 0, labels)
    assert names(gaps) == names(labels)


def test_without_vertebrae_the_parts_are_all_there_is_to_go_by():
    labels = spine()
    assert names(np.where(labels == VERTEBRA, 0, labels)) == names(labels)
