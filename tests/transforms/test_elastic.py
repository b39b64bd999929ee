import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msk_monai.transforms.elastic import bent

SIZE = 96
CELLS = torch.stack(torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij"), dim=-1)


def spots(places):
    """(N, 1, SIZE, SIZE) with a Gaussian spot each."""
    return torch.exp(-((CELLS - torch.as_tensor(places, dtype=torch.float32)[:, None, None]) ** 2).sum(-1) / 2)[:, None]


def centre(patch):
    return ((patch[0, ..., None] * CELLS).sum((0, 1)) / patch.sum()).tolist()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), sd=st.floats(0, 2))
def test_a_spot_stays_on_its_point(seed, sd):
    random = np.random.default_rng(seed)
    places = random.uniform(24, 72, (4, 2))
    nodes = torch.as_tensor(np.clip(random.normal(0, sd, (4, 2, 5, 5)), -2 * sd, 2 * sd))
    patches, points = bent(spots(places), torch.as_tensor(places[:, None], dtype=torch.float32), nodes)
    assert patches.shape == (4, 1, SIZE, SIZE)
    for patch, point in zip(patches, points[:, 0], strict=True):
        assert centre(patch) == pytest.approx(point.tolist(), abs=0.3)


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_what_a_patch_shows_at_a_point_is_what_it_showed_there_before_however_strongly_it_is_bent(seed):
    random = np.random.default_rng(seed)
    places = torch.as_tensor(random.uniform(24, 72, (1, 9, 2)), dtype=torch.float32).expand(2, -1, -1)
    nodes = torch.as_tensor(random.uniform(-7, 7, (1, 2, 5, 5))).expand(2, -1, -1, -1)
    patches, points = bent(CELLS.permute(2, 0, 1)[:, None].float(), places, nodes)
    seen = torch.nn.functional.grid_sample(patches, ((2 * points[:, None] + 1) / SIZE - 1).flip(-1), align_corners=False)
    assert seen[:, 0, 0].T.numpy() == pytest.approx(places[0].numpy(), abs=0.3)


def test_an_even_field_is_a_shift_of_x_and_y():
    nodes = torch.zeros(1, 2, 5, 5)
    nodes[:, 0], nodes[:, 1] = 4.0, -2.5
    patches, points = bent(spots([(40, 60)]), torch.tensor([[[40.0, 60.0]]]), nodes)
    assert points[0, 0].tolist() == pytest.approx([36, 62.5], abs=1e-3)
    assert centre(patches[0]) == pytest.approx([36, 62.5], abs=0.02)


def test_no_bending_changes_nothing():
    patches, points = torch.rand(2, 1, SIZE, SIZE), torch.rand(2, 3, 2) * 200 - 50
    same, unmoved = bent(patches, points, torch.zeros(2, 2, 5, 5))
    assert same.numpy() == pytest.approx(patches.numpy(), abs=1e-4)
    assert unmoved.numpy() == pytest.approx(points.numpy(), abs=1e-4)


def test_unknown_points_stay_unknown_and_the_others_known():
    points = torch.tensor([[[10.0, 20.0], [torch.nan, torch.nan]]])
    _, moved = bent(torch.rand(1, 1, SIZE, SIZE), points, torch.ones(1, 2, 5, 5, dtype=torch.float64))
    assert torch.isnan(moved[0, 1]).all()
    assert moved[0, 0].tolist() == pytest.approx([9, 19], abs=1e-3)
    assert moved.dtype == torch.float32


def test_each_patch_has_its_own_field():
    nodes = torch.zeros(2, 2, 5, 5)
    nodes[1] = 3.0
    _, moved = bent(torch.rand(2, 1, SIZE, SIZE), torch.full((2, 1, 2), 50.0), nodes)
    assert moved[:, 0, 0].tolist() == pytest.approx([50, 47], abs=1e-3)
