import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry.patches import patch_matrix, view_matrix
from msk_monai.sampling import reduced, sampled, scaled, view


@pytest.mark.parametrize("sample", [sampled, reduced])
@pytest.mark.parametrize("size", [(96, 96), (64, 96)])
def test_a_patch_shows_what_its_own_film_shows_there(sample, size):
    x, y = torch.meshgrid(torch.arange(200.0), torch.arange(300.0), indexing="ij")
    quad = np.array([[80.0, 100], [120, 110], [78, 130], [118, 140]])
    matrices = np.array([[patch_matrix(quad + shift, size=96, widths=2.2) for shift in (0, 7, 20)]] * 2)
    films = torch.stack([x + 1000 * y, 2 * (x + 1000 * y)])[:, None]
    patches = sample(films, torch.tensor(matrices, dtype=torch.float32), size)
    assert patches.shape == (6, 1, *size)
    for number, patch in enumerate(patches[:, 0]):
        matrix = matrices[number // 3, number % 3]
        for u, v in ((10, 20), (47, 50), (60, 30)):
            place = matrix[:, :2] @ [u, v] + matrix[:, 2]
            assert float(patch[u, v]) == pytest.approx((1 + number // 3) * (place[0] + 1000 * place[1]), rel=1e-4)


def test_a_coarser_patch_is_an_average():
    film = torch.rand(1, 1, 40, 60)
    coarse = reduced(film, torch.tensor([[[[2.0, 0, 0.5], [0, 2.0, 0.5]]]]), (20, 30))
    assert coarse.numpy() == pytest.approx(torch.nn.functional.avg_pool2d(film, 2).numpy(), abs=1e-5)


def test_beyond_the_image_is_nothing():
    assert not sampled(torch.ones(1, 1, 20, 20), torch.tensor([[[[1.0, 0, 30], [0, 1, 0]]]]), (10, 10)).any()


def test_half_precision_does_not_move_a_patch():
    film, matrix = torch.rand(1, 1, 384, 1024), torch.tensor([[[[0.7, 0.1, 250.3], [-0.1, 0.7, 800.7]]]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        patch = sampled(film, matrix, (96, 96))
    assert torch.equal(patch, sampled(film, matrix, (96, 96)))


def test_a_view_shows_what_its_slice_shows_there():
    x, y = torch.meshgrid(torch.arange(200.0), torch.arange(150.0), indexing="ij")
    matrix = view_matrix((0.5, 0.8), (110, 70), size=60, view_spacing=0.6, turn=0.4)
    seen = view((x + 1000 * y)[None], matrix, 60)
    assert seen.shape == (1, 60, 60)
    for u, v in ((3, 50), (30, 30), (55, 8)):
        place = matrix[:, :2] @ [u, v] + matrix[:, 2]
        assert float(seen[0, u, v]) == pytest.approx(place[0] + 1000 * place[1], rel=1e-4)


def test_a_slice_is_scaled_between_its_percentiles():
    values = torch.arange(10_000.0).reshape(1, 100, 100)
    for film in (values, 7 * values - 300, values.short(), MetaTensor(values)):
        seen = scaled(film)
        assert (float(seen.min()), float(seen.max())) == (0, 1)
        assert float((seen == 0).float().mean()) == pytest.approx(0.01, abs=2e-4)
        assert float((seen == 1).float().mean()) == pytest.approx(0.005, abs=2e-4)
        assert float(seen[0, 50, 0]) == pytest.approx((5000 - 100) / (9950 - 100), abs=1e-3)
        assert type(seen) is torch.Tensor


def test_a_large_slice_is_scaled_as_a_small_one_is():
    large = torch.rand(1, 900, 900, generator=torch.Generator().manual_seed(1))
    assert float((scaled(large) == 0).float().mean()) == pytest.approx(0.01, abs=2e-3)


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_a_blank_slice_cannot_be_scaled(value):
    with pytest.raises(UnsuitableImageError, match="blank image"):
        scaled(torch.full((1, 40, 40), value))
