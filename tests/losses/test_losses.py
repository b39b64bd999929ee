"""Losses against hand-worked values."""

import math

import pytest
import torch

from msk_monai.losses import OneLevelLoss, ProfileLoss


def test_profile_loss_of_a_uniform_guess():
    target = torch.zeros(1, 4, 3)
    target[0, 1, 0] = 1.0
    target[0, 2:, 1] = 0.5
    assert float(ProfileLoss()(torch.zeros(1, 4, 3), target)) == pytest.approx(math.log(4))


def test_slices_without_a_target_count_for_nothing():
    target = torch.zeros(1, 3, 2)
    target[0, 0, 0] = 1.0
    a, b = torch.zeros(1, 3, 2), torch.zeros(1, 3, 2)
    b[..., 1] = 100 * torch.rand(1, 3)
    assert ProfileLoss()(a, target) == ProfileLoss()(b, target)
    assert float(ProfileLoss()(a, torch.zeros(1, 3, 2))) == 0.0


def test_one_level_loss_weighs_the_few():
    target = torch.eye(3)[None]  # slice k belongs to class k
    logits = torch.zeros(1, 2, 3)
    logits[0, 1, 1] = -2.0  # the positive slice is missed
    missed, seen = math.log(1 + math.exp(2)), math.log(2)
    loss = OneLevelLoss(level=1, weight=4.0)(logits, target)
    assert float(loss) == pytest.approx((4 * missed + 2 * seen) / 6)
