"""The reference's network for bone scans."""

import pytest
import torch
from torch import nn

from msk_monai.networks import ReferenceGrader


@pytest.mark.parametrize(("layers", "features"), [(1, 16 * 16 * 16), (2, 32 * 8 * 8), (3, 64 * 4 * 4)])
def test_the_reference_has_one_to_three_blocks(layers, features):
    network = ReferenceGrader(layers=layers, size=32)
    assert sum(isinstance(one, nn.Conv2d) for one in network.modules()) == layers
    assert network.blocks[-1].in_features == features
    assert tuple(network(torch.rand(2, 2, 32, 32)).shape) == (2, 5)


@pytest.mark.parametrize("layers", [0, 4])
def test_the_reference_has_no_other_number_of_blocks(layers):
    with pytest.raises(ValueError, match=f"expected 1 to 3 layers, got {layers}"):
        ReferenceGrader(layers=layers)
