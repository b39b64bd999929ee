"""Networks of ordered grades."""

import pytest
import torch

from msk_monai.losses import OrdinalLoss
from msk_monai.networks import OrdinalGrader
from msk_monai.networks.ordinal import OrdinalHead


def steps_between(head):
    """How much the logits fall from one to the next."""
    with torch.no_grad():
        logits = head(torch.zeros(1, head.score.in_features))[0]
    return logits[:-1] - logits[1:]


def test_thresholds_begin_evenly_apart():
    head = OrdinalHead(3, grades=5, start=(-3.0, 3.0))
    with torch.no_grad():
        head.score.weight.zero_()
        head.score.bias.zero_()
        assert head(torch.rand(2, 3)).tolist() == [pytest.approx([3, 1, -1, -3], abs=1e-5)] * 2


@pytest.mark.parametrize("seed", range(3))
def test_thresholds_rise_whatever_is_learnt(seed):
    torch.manual_seed(seed)
    head = OrdinalHead(4, grades=5)
    before = steps_between(head)
    optimizer = torch.optim.SGD(head.parameters(), 1.0)
    for _ in range(30):
        optimizer.zero_grad()
        (head(torch.randn(8, 4)) * torch.randn(8, 4)).mean().backward()
        optimizer.step()
    after = steps_between(head)
    assert (after > 0).all()
    assert (after - before).abs().max() > 0.1


def test_two_grades_have_one_threshold():
    assert OrdinalHead(3, grades=2)(torch.rand(4, 3)).shape == (4, 1)


def test_one_grade_is_none():
    with pytest.raises(ValueError, match="at least 2 grades, got 1"):
        OrdinalHead(3, grades=1)


def test_grades_are_learnt_in_their_order():
    torch.manual_seed(0)
    head, loss = OrdinalHead(1, grades=4), OrdinalLoss()
    grades = torch.arange(4).repeat(8)
    features = grades[:, None].float() / 3 + 0.02 * torch.randn(32, 1)
    optimizer = torch.optim.Adam(head.parameters(), 0.2)
    for _ in range(150):
        optimizer.zero_grad()
        loss(head(features), grades).backward()
        optimizer.step()
    with torch.no_grad():
        assert torch.equal((head(features) > 0).sum(dim=1), grades)


@pytest.mark.parametrize("encoder", ["residual", "efficientnet_lite0"])
@torch.inference_mode()
def test_an_image_gets_logits_that_fall(encoder):
    logits = OrdinalGrader(grades=5, encoder=encoder, widths=(4, 8, 8)).eval()(torch.rand(2, 1, 32, 32))
    assert logits.shape == (2, 4)
    assert (logits[:, :-1] > logits[:, 1:]).all()


@torch.inference_mode()
def test_the_network_sees_the_image_and_can_be_exported():
    torch.manual_seed(0)
    network = OrdinalGrader(grades=3, channels=2, widths=(4, 8)).eval()
    image = torch.rand(2, 2, 16, 16)
    logits = network(image)
    assert logits[0, 0] != logits[1, 0]
    torch.testing.assert_close(torch.jit.trace(network, image)(image), logits, rtol=1e-4, atol=1e-4)


def test_what_is_no_grader():
    with pytest.raises(ValueError, match="expected the encoder residual or efficientnet_lite0, got vgg"):
        OrdinalGrader(encoder="vgg")
    with pytest.raises(ValueError, match="no weights of ImageNet for the residual encoder"):
        OrdinalGrader(imagenet=True)
