"""Bodies from label maps, and the edges between them."""

import json

import nibabel as nib
import numpy as np
import pytest

from msk_monai.geometry import flip_lps_ras
from msk_monai.measure.level_edges import level_edges
from msk_monai.measure.vertebral_bodies import VertebralBody, vertebral_bodies

LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")


def body(name, middle, half=15.0):
    return VertebralBody(name=name, centre=(1.0, 2.0, middle), z_range=(middle - half, middle + half))


def test_the_arch_does_not_count():
    labels = np.zeros((20, 60, 60), dtype=np.uint8)
    labels[5:15, 10:40, 20:40] = 3  # body
    labels[8:12, 40:55, 5:30] = 3  # spinous process, reaching lower
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    (found,) = vertebral_bodies(labels, affine, {"L3": 3, "L4": 4})
    assert found.z_range == (20.0, 39.0)
    assert found.middle == 29.5


def test_the_volume_may_lie_any_way_round():
    labels = np.zeros((20, 60, 60), dtype=np.uint8)
    labels[5:15, 10:40, 20:40] = 3
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    (plain,) = vertebral_bodies(labels, affine, {"L3": 3})
    turned = np.array([[-1.0, 0, 0, 19], [0, 0, 1, 0], [0, -1, 0, 59], [0, 0, 0, 1]])  # stored as (-x, -z, y)
    (other,) = vertebral_bodies(labels[::-1].transpose(0, 2, 1)[:, ::-1], turned, {"L3": 3})
    np.testing.assert_allclose(other.centre, plain.centre)
    assert other.z_range == plain.z_range


def test_edges_lie_between_neighbours():
    edges = level_edges([body("T11", 136), body("T12", 100), body("L1", 64), body("L2", 28)], LEVELS)
    np.testing.assert_allclose(edges[:3, 2], [118, 82, 46])
    assert np.all(edges[3:, 2] == -np.inf)


def test_edges_out_of_reach():
    edges = level_edges([body("L4", 100), body("L5", 64), body("S1", 30)], LEVELS)
    assert np.all(np.isposinf(edges[:5, 2]))
    np.testing.assert_allclose(edges[5:, 2], [82, 47, 15])


def test_a_missing_and_an_additional_lumbar_vertebra():
    four = level_edges([body("L3", 100), body("L4", 64), body("S1", 28)], LEVELS)
    assert four[5, 2] == four[6, 2] == 46
    six = level_edges([body("L4", 136), body("L5", 100), body("L6", 64), body("S1", 28)], LEVELS)
    np.testing.assert_allclose(six[5:7, 2], [118, 46])


def test_no_bodies():
    with pytest.raises(ValueError, match="at least one"):
        level_edges([], LEVELS)


def test_real_label_maps_give_the_published_middles(real_data):
    for case in json.loads((real_data / "ct_spine" / "cases.json").read_text())["cases"]:
        if "label" in case:
            volume = nib.load(real_data / "ct_spine" / case["label"])
            affine = flip_lps_ras(volume.affine)
            bodies = vertebral_bodies(np.asarray(volume.dataobj).astype(int), affine, case["label_ids"])
            third = next(b for b in bodies if b.name == "L3")
            assert (third.middle - affine[2, 3]) / affine[2, 2] == pytest.approx(case["l3_body_middle_slice"], abs=0.51)
