"""Networks of bone scans, and what is handed from one to the next."""

import numpy as np
import pytest
import torch
from torch import nn

from msk_monai.networks import BoneScanInferer, BoneScanKnees, KneeFinder, KneePlacesd, OrdinalGrader
from msk_monai.networks.knee_places import found_knees
from msk_monai.networks.soft_points import expected_place
from msk_monai.transforms import KneeCropsd, ReferencePlacesd, WholeBodyGridd
from tests.transforms.scans import KNEES_MM, drawn, scan

ON_GRID = torch.tensor([127 / 2, -0.5]) + torch.tensor(KNEES_MM) / 6.0
IN_SCAN = [127 / 2, -0.5] + KNEES_MM / 4.5
SCALES = (0.5, 2.0)


class Finds(nn.Module):
    """Says where the drawn knees are."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
        self.were = []

    def forward(self, image):
        self.were.append((self.training, tuple(image.shape)))
        return torch.cat([ON_GRID, torch.tensor(SCALES)[:, None]], dim=1).float()[None], None


class Grades(nn.Module):
    """Gives the mean of each view of a crop."""

    def forward(self, crops):
        return crops.mean(dim=(2, 3))


@pytest.fixture
def gridded():
    return WholeBodyGridd()({"source": scan(drawn(128, 512, (4.5, 4.5)), spacing_mm=(4.5, 4.5))})


def test_a_finder_takes_both_views_of_a_grid_that_is_not_square():
    answers, maps = KneeFinder(widths=(4, 6, 8)).eval()(torch.rand(2, 2, 48, 96))
    assert (tuple(answers.shape), tuple(maps.shape)) == ((2, 2, 3), (2, 2, 24, 48))
    assert ((answers[..., :2] > 0) & (answers[..., :2] < torch.tensor([48, 96]))).all()
    assert (answers[..., 2] > 0).all()


def test_the_place_of_a_sharp_map_is_its_cells():
    logits = torch.full((1, 2, 24, 48), -50.0)
    logits[0, 0, 20, 3] = logits[0, 1, 5, 44] = 50.0
    assert expected_place(logits)[0].tolist() == [pytest.approx([40.5, 6.5], abs=1e-3), pytest.approx([10.5, 88.5], abs=1e-3)]


def test_all_networks_in_one_give_grades_of_crops():
    knees = BoneScanKnees(find=KneeFinder(widths=(4, 6)), grade=OrdinalGrader(grades=5, channels=2, widths=(4, 6))).eval()
    crops = torch.rand(3, 2, 32, 32)
    logits = knees(crops)
    assert tuple(logits.shape) == (3, 4)
    assert (logits.diff(dim=1) < 0).all()
    assert torch.equal(logits, knees.grade(crops))
    assert all(hasattr(knees, name) for name in knees.alone)


def test_places_are_in_the_scans_pixels(gridded):
    places, scales = found_knees(gridded["image"], gridded["grid"], Finds(), "cpu")
    assert places == pytest.approx(IN_SCAN, abs=1e-3)
    assert scales == pytest.approx(np.array(SCALES) * 6.0 / 4.5)


def test_knees_are_found_cut_out_and_graded(gridded):
    network = BoneScanKnees(find=Finds(), grade=Grades())
    crops = KneeCropsd(size=32, pixel_mm=6.4)
    seen = BoneScanInferer(crops=crops)(gridded, network, device="cpu")
    assert seen.places == pytest.approx(IN_SCAN, abs=1e-3)
    assert seen.scale_mm == pytest.approx(np.array(SCALES) * 6.0)
    expected = crops({**gridded, "places": seen.places})["crops"]
    np.testing.assert_allclose(seen.crops, expected.numpy(), atol=1e-6)
    assert seen.logits == pytest.approx(expected.mean(dim=(2, 3)).numpy(), abs=1e-6)
    assert seen.logits[0].min() > seen.logits[1].max()  # the right knee is the hotter one
    assert (seen.mirrored, seen.uptake) == (True, gridded["uptake"])


def test_a_rule_may_find_them_instead(gridded):
    network = BoneScanKnees(find=Finds(), grade=Grades())
    seen = BoneScanInferer(crops=KneeCropsd(size=16, mirror=False), find=ReferencePlacesd())(gridded, network, device="cpu")
    assert seen.places == pytest.approx(ReferencePlacesd()(gridded)["places"])
    assert (seen.scale_mm.tolist(), seen.mirrored, network.find.were) == ([0.0, 0.0], False, [])


def test_places_for_training_come_from_a_network_that_is_not_trained(gridded):
    find = Finds().train()
    out = KneePlacesd(find=find)(gridded)
    assert out["places"] == pytest.approx(IN_SCAN, abs=1e-3)
    assert find.were == [(False, (1, 2, 128, 384))]


def test_the_network_that_finds_is_moved_to_where_the_scans_go(gridded):
    moved = []
    find = Finds()
    find.to = lambda device: moved.append(device) or find
    KneePlacesd(find=find, device="cpu")(gridded)
    assert moved == ["cpu"]
