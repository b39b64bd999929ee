"""Networks: shapes, reach, precision."""

import pytest
import torch

from msk_monai.networks import BFloat16Inferer, SliceProfileNet, Slicewise


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SliceProfileNet(channels=(4, 6, 8), context_channels=8, dilations=(1, 2)).eval()


@torch.no_grad()
def test_one_profile_of_logits_a_stack(network):
    assert network(torch.rand(2, 5, 32, 24, 7)).shape == (2, 9, 7)


@torch.no_grad()
def test_a_slice_sees_its_neighbourhood_and_no_further(network):
    a = torch.rand(1, 5, 32, 32, 21)
    b = a.clone()
    b[..., 10] += 1
    changed = (network(a) - network(b)).abs().amax(dim=(0, 1)) > 1e-6
    assert changed.nonzero().flatten().tolist() == list(range(7, 14))  # dilations 1 and 2 reach three slices


@torch.no_grad()
def test_slicewise_is_the_network_slice_by_slice():
    single = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 3))
    x = torch.rand(2, 1, 6, 6, 5)
    out = Slicewise(single, batch=4)(x)
    assert out.shape == (2, 3, 5)
    torch.testing.assert_close(out[1, :, 3], single(x[1, :, :, :, 3][None])[0])


@torch.no_grad()
def test_bfloat16_comes_back_as_float32(network):
    x = torch.rand(1, 5, 32, 32, 6)
    out = BFloat16Inferer()(x, network)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, network(x), atol=0.05, rtol=0.05)
