"""The loss of points given as soft maps, on patches that are not square."""

import math

import pytest
import torch

from msk_monai.losses import SoftPointsLoss

PLACES = torch.tensor([[[12.0, 60.0], [30.0, 5.0]]])
NOWHERE = float("nan")


def seen(*, off=0.0, scale=1.0, maps=None):
    """Two points of a patch of 40 x 80, and their maps of 20 x 40."""
    answers = torch.cat([PLACES + off, torch.full((1, 2, 1), scale)], dim=-1)
    return answers.requires_grad_(), torch.zeros(1, 2, 20, 40) if maps is None else maps


def test_the_places_likelihood_is_laplaces():
    loss = SoftPointsLoss(map_weight=0.0)
    assert loss(seen(off=0.5, scale=2.0), PLACES).item() == pytest.approx(0.5 / 2 + math.log(4))
    assert loss(seen(), PLACES).item() < loss(seen(off=0.5), PLACES).item()


def test_maps_are_taught_columns_first():
    columns, rows = torch.arange(20.0)[:, None], torch.arange(40.0)[None]
    x, y = (PLACES[0, :, axis, None, None] / 2 - 0.25 for axis in (0, 1))
    right = -((columns - x) ** 2 + (rows - y) ** 2) / (2 * 1.2**2)
    loss = SoftPointsLoss(map_weight=1.0)
    there, elsewhere, flat = (loss(seen(maps=maps[None]), PLACES).item() for maps in (right, right.flip(2), 0 * right))
    assert there < flat < elsewhere
    maps = right[None].clone().requires_grad_()
    loss(seen(maps=maps), PLACES).backward()
    assert float(maps.grad.abs().max()) < 1e-5  # nothing is better than the target itself


@pytest.mark.parametrize("place", [(NOWHERE, NOWHERE), (12.0, NOWHERE), (50.0, 60.0), (12.0, 79.0), (0.5, 60.0), (12.0, -3.0)])
def test_points_that_are_not_known_or_outside_teach_nothing(place):
    points = PLACES.clone()
    points[0, 0] = torch.tensor(place)
    answers, maps = seen(off=0.5)
    SoftPointsLoss()((answers, maps), points).backward()
    assert not answers.grad[0, 0].any()
    assert answers.grad[0, 1].any()


def test_a_point_in_the_longer_half_of_the_patch_is_inside():
    answers, maps = seen(off=0.5)
    SoftPointsLoss()((answers, maps), PLACES).backward()
    assert answers.grad[0, 0].any()  # its row, 60, is more than the patch's columns


def test_without_points_the_loss_is_zero():
    answers, maps = seen()
    loss = SoftPointsLoss()((answers, maps), torch.full((1, 2, 2), NOWHERE))
    loss.backward()
    assert loss.item() == 0
    assert not answers.grad.any()
