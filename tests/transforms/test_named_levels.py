import numpy as np
import torch

from msk_monai.records import Status
from msk_monai.transforms import FilmGridd, NamedLevelsd
from tests.transforms.films import film

LEVELS = ("L1", "L2", "L3", "L4")


def named(speck: bool = False, **options: object) -> dict:
    """Four bodies of 24 x 16 pixels, 22 apart, on a film of 80 x 120."""
    source = film(80, 120)
    image = FilmGridd("source", output_keys="image", longest=120)({"source": source})["image"]
    logits = torch.zeros(5, 80, 120)
    logits[0] = 4.0
    for level in range(4):
        body = (slice(30, 54), slice(10 + 22 * level, 26 + 22 * level))
        logits[0][body], logits[1 + level][body] = 0.0, 8.0
    if speck:
        logits[0, 66:68, 12:14], logits[1, 66:68, 12:14] = 0.0, 8.0
    return NamedLevelsd(levels=LEVELS, **options)({"pred": logits, "image": image, "source": source})


def test_every_body_is_its_levels_own_pixels():
    out = named()
    expected = np.zeros((120, 80), dtype=np.uint8)
    for level in range(4):
        expected[10 + 22 * level : 26 + 22 * level, 30:54] = level + 1
    np.testing.assert_array_equal(out["segmentation"], expected)
    assert out["findings"].status is Status.OK
    assert [(m.name, m.value) for m in out["findings"].measurements] == [(f"{level.lower()}_area", 384.0) for level in LEVELS]


def test_a_speck_is_no_vertebra():
    np.testing.assert_array_equal(named(speck=True)["segmentation"], named()["segmentation"])


def test_only_those_reported_are_given():
    out = named(reported=("L2", "L4"))
    assert np.unique(out["segmentation"]).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(out["segmentation"] == 2, named()["segmentation"] == 4)
    assert [m.name for m in out["findings"].measurements] == ["l2_area", "l4_area"]
