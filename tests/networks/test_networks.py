"""Networks: shapes, reach, precision."""

import pytest
import torch

from msk_monai.networks import BFloat16Inferer, SliceProfileNet, Slicewise


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SliceProfileNet(channels=(4, 6), context_channels=8, local_dilations=(1,), dilations=(2,)).eval()


@torch.no_grad()
def test_one_profile_a_stack(network):
    assert network(torch.rand(2, 5, 32, 24, 7)).shape == (2, 13, 7)


@torch.no_grad()
def test_a_slice_sees_its_neighbourhood_and_no_further(network):
    a = torch.rand(1, 5, 32, 32, 21)
    b = a.clone()
    b[..., 10] += 1
    changed = (network(a) - network(b)).abs().amax(dim=(0, 1)) > 1e-6
    assert changed.nonzero().flatten().tolist() == list(range(7, 14))  # dilations 1 and 2 reach three slices


@torch.no_grad()
def test_the_spine_is_where_the_first_head_looks(network):
    torch.manual_seed(1)
    net = SliceProfileNet(in_channels=1, channels=(4, 6), context_channels=8).eval()
    net.attention = torch.nn.Conv2d(6, 4, 1)
    maps = torch.full((1, 6, 16, 12), -50.0)
    maps[..., 5, 3] = 50.0
    net.encoder = _Fixed(maps)
    net.attention.weight.data.fill_(1.0)
    width, height = 64, 48
    place = net(torch.zeros(1, 1, width, height, 1))[0, -2:, 0]
    assert place.tolist() == pytest.approx([(2 * 20 + 1) / width - 1, (2 * 12 + 1) / height - 1], abs=1e-4)


class _Fixed(torch.nn.Module):
    def __init__(self, maps):
        super().__init__()
        self.maps = maps

    def forward(self, x):
        return self.maps


@torch.no_grad()
def test_slicewise_is_the_network_slice_by_slice():
    single = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 3))
    x = torch.rand(2, 1, 6, 6, 5)
    out = Slicewise(single, batch=4)(x)
    assert out.shape == (2, 3, 5)
    torch.testing.assert_close(out[1, :, 3], single(x[1, :, :, :, 3][None])[0])


@pytest.fixture
def processor(monkeypatch):
    """A CPU that is said to have some of its features."""
    return lambda *features: monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(features, True), raising=False)


@torch.no_grad()
@pytest.mark.parametrize("feature", ["avx512_bf16", "amx_bf16"])
def test_bfloat16_comes_back_as_float32(network, processor, feature):
    processor("avx2", feature)
    x = torch.rand(1, 5, 32, 32, 6)
    out, full = BFloat16Inferer()(x, network), network(x)
    assert out.dtype == torch.float32
    assert not torch.equal(out, full)
    torch.testing.assert_close(out, full, atol=0.05, rtol=0.05)


@torch.no_grad()
def test_where_the_processor_lacks_bfloat16_nothing_is_rounded(network, processor):
    processor("avx2", "avx512_f")
    x = torch.rand(1, 5, 32, 32, 6)
    torch.testing.assert_close(BFloat16Inferer()(x, network), network(x), atol=0, rtol=0)
