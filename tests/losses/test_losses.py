"""Losses against hand-worked values."""

import math

import pytest
import torch

from msk_monai.losses import OneLevelLoss, ProfileLoss


def with_rest(shares, rest=(0.0, 0.0, 0.0, 0.0)):
    """Append phase and place, the same for every slice."""
    return torch.cat([shares, torch.tensor(rest)[None, :, None].expand(len(shares), 4, shares.shape[-1])], dim=1)


def test_profile_loss_of_a_uniform_guess():
    target = torch.zeros(1, 4, 3)
    target[0, 1, 0] = 1.0
    target[0, 2:, 1] = 0.5
    assert float(ProfileLoss(classes=4)(torch.zeros(1, 8, 3), with_rest(target))) == pytest.approx(math.log(4))


def test_slices_without_a_target_count_for_nothing():
    target = torch.zeros(1, 3, 2)
    target[0, 0, 0] = 1.0
    a, b = torch.zeros(1, 7, 2), torch.zeros(1, 7, 2)
    b[..., 1] = 100 * torch.rand(1, 7)
    loss = ProfileLoss(classes=3)
    assert loss(a, with_rest(target)) == loss(b, with_rest(target))
    assert float(loss(a, torch.zeros(1, 7, 2))) == 0.0


def test_phase_and_place_count_where_they_are_known():
    shares = torch.zeros(1, 3, 2)
    target = with_rest(shares, (0.6, 0.8, 0.1, -0.2))
    target[..., 1] = 0.0
    pred = with_rest(shares, (0.0, 0.0, 0.3, 0.2))
    loss = ProfileLoss(classes=3, phase_weight=2.0, place_weight=3.0)(pred, target)
    assert float(loss) == pytest.approx(2 * 1.0 + 3 * (0.2 + 0.4))


def test_a_levels_slices_may_count_more():
    target = with_rest(torch.eye(3)[None])  # slice k belongs to class k
    pred = torch.zeros(1, 7, 3)
    pred[0, 1, 1] = -2.0  # class 1 is missed
    missed, even = math.log(1 + 2 * math.exp(2)), math.log(3)
    assert float(ProfileLoss(classes=3)(pred, target)) == pytest.approx((missed + 2 * even) / 3)
    weighted = ProfileLoss(classes=3, level=1, level_weight=4.0)(pred, target)
    assert float(weighted) == pytest.approx((4 * missed + 2 * even) / 6)


def test_one_level_loss_of_nothing_known_is_nothing():
    logits = torch.zeros(1, 2, 3, requires_grad=True)
    loss = OneLevelLoss(level=1, weight=4.0, classes=3)(logits, torch.zeros(1, 3, 3))
    loss.backward()
    assert (loss.item(), logits.grad.abs().sum().item()) == (0.0, 0.0)


def test_one_level_loss_weighs_the_few():
    target = torch.eye(3)[None]  # slice k belongs to class k
    logits = torch.zeros(1, 2, 3)
    logits[0, 1, 1] = -2.0  # the positive slice is missed
    missed, seen = math.log(1 + math.exp(2)), math.log(2)
    loss = OneLevelLoss(level=1, weight=4.0, classes=3)(logits, target)
    assert float(loss) == pytest.approx((4 * missed + 2 * seen) / 6)
