import numpy as np
import pytest
import torch

from msk_monai.transforms.lowest_blobs import LowestBlobsd, long_axis, lowest_blobs
from tests.transforms.films import film


def drawn(*tops: int) -> np.ndarray:
    mask = np.zeros((100, 200), dtype=bool)
    for top in tops:
        mask[30:70, top : top + 15] = True
    return mask


def test_the_two_lowest_are_taken():
    upper, lower = lowest_blobs(drawn(20, 60, 100))
    assert upper[:, 1].min() == 60
    assert lower[:, 1].min() == 100


@pytest.mark.parametrize("mask", [drawn(), drawn(50)])
def test_fewer_than_two_are_none(mask):
    assert lowest_blobs(mask) is None


def test_the_angle_wraps_as_the_references_did():
    turned = [np.array([(np.cos(a) * u, np.sin(a) * u + 0.01 * v) for u in range(-20, 20) for v in (0, 1)]) for a in np.radians((3, -3))]
    assert abs(long_axis(turned[0]) - long_axis(turned[1])) == pytest.approx(174, abs=0.5)


def test_the_gap_is_in_mm_where_the_film_has_a_spacing():
    source = film(200, 400, spacing=(0.5, 0.5))
    image = torch.zeros(1, 100, 200)
    pred = torch.tensor(np.where(drawn(60, 100), 5.0, -5.0))[None]
    found = LowestBlobsd()({"pred": pred, "image": image, "source": source})["findings"]
    assert {m.name: (m.value, m.unit) for m in found.measurements}["l4_l5_interval_mean"] == (pytest.approx(26.0), "mm")
