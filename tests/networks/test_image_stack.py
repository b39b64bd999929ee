import pytest
import torch

from msk_monai.networks import ImageStackInferer


def test_every_channel_is_an_image_of_its_own():
    images = torch.rand(1, 3, 8, 6)
    answer = ImageStackInferer()(images, lambda x: torch.cat([x, 2 * x], dim=1))
    assert answer.shape == (1, 3, 2, 8, 6)
    for place in range(3):
        assert torch.equal(answer[0, place], torch.stack([images[0, place], 2 * images[0, place]]))


def test_one_case_at_a_time():
    with pytest.raises(ValueError, match="one case at a time, got 2"):
        ImageStackInferer()(torch.rand(2, 3, 8, 6), torch.nn.Identity())
