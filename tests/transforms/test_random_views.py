"""Random views: what is drawn is told truly."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from msk_monai.transforms import LevelTargetd, RandHounsfieldd, RandSpineViewd, SpinePointsd

Z_EDGES = np.array([150.0, 120.0, 85.0, 50.0, 15.0, -20.0, -55.0, -85.0])


def layered():
    """A volume whose value is its own height, with a spine along the z axis and the edges on it."""
    shape, step = (60, 60, 110), 3.0
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = (-88.5, -88.5, -165.0)
    z = affine[2, 3] + step * np.arange(shape[2])
    volume = torch.from_numpy(np.broadcast_to(z, (1, *shape)).astype(np.float32).copy())
    edges = np.column_stack([np.zeros(8), np.zeros(8), Z_EDGES])
    return {"image": MetaTensor(volume, affine=affine), "edges": edges, "column": edges[1:-1]}


@pytest.mark.parametrize("seed", range(8))
def test_edges_move_with_the_image(seed):
    view = RandSpineViewd(size=(48, 48, 96), fill=-1000.0, narrow_probability=0.0)
    view.set_random_state(seed)
    out = view(layered())
    to_index, image = np.linalg.inv(out["image"].affine.numpy()), out["image"][0].numpy()
    low, high = out["covered"]
    for original, moved in zip(Z_EDGES, out["edges"], strict=True):
        if low + 12 < moved[2] < high - 12:
            voxel = tuple((to_index @ [*moved, 1.0])[:3].round().astype(int))
            assert abs(image[voxel] - original) < 8.0  # values are heights; a voxel, or a thick slice, is averaged


def test_views_are_drawn_anew_and_by_seed():
    view = RandSpineViewd(size=(32, 32, 48))
    first, second = (view.set_random_state(s)(layered())["image"] for s in (1, 2))
    again = view.set_random_state(1)(layered())["image"]
    torch.testing.assert_close(first, again)
    assert not torch.equal(first, second)


def test_one_level_may_be_seen_more_often():
    view = RandSpineViewd(size=(16, 16, 40), level=3, level_share=1.0).set_random_state(2)
    middles = [view(layered())["edges"][3:5, 2].mean() for _ in range(6)]
    assert np.isfinite(middles).all()
    assert max(map(abs, middles)) < 40  # half of the view is 60 mm


def test_a_level_that_is_seen_no_more_often_changes_no_view():
    plain, asked = (RandSpineViewd(size=(16, 16, 40), **more).set_random_state(4) for more in ({}, {"level": 3, "level_share": 0.0}))
    torch.testing.assert_close(plain(layered())["image"], asked(layered())["image"], atol=0, rtol=0)


def test_without_strength_it_is_a_plain_cut():
    view = RandSpineViewd(size=(32, 32, 96), strength=0.0, narrow_probability=0.0).set_random_state(3)
    moved = view(layered())["edges"][:, 2]
    seen = np.isfinite(moved)
    np.testing.assert_allclose(np.diff(moved[seen]), np.diff(Z_EDGES[seen]), atol=0.5)


def test_outside_of_the_stretch_there_is_nothing():
    view = RandSpineViewd(size=(32, 32, 96), fill=-1000.0).set_random_state(5)
    out = LevelTargetd()(view(layered()))
    heights = float(out["image"].affine[2, 3]) + 3.0 * np.arange(96)
    outside = (heights < out["covered"][0]) | (heights > out["covered"][1])
    assert outside.any()
    assert float(out["image"][..., outside].max()) == -1000.0
    assert float(out["label"][:, outside].abs().sum()) == 0.0
    np.testing.assert_allclose(out["label"][:9, ~outside].sum(axis=0), 1.0, atol=1e-5)


def test_targets_share_a_slice_between_its_levels():
    image = MetaTensor(torch.zeros(1, 2, 2, 4), affine=np.diag([4.0, 4.0, 3.0, 1.0]))  # slices at 0, 3, 6, 9 mm
    edges, column = np.array([(0, 0, 5.5), (0, 0, 3.0)]), np.array([(4.0, 0, 6), (2, 0, 3), (0, 0, 0)])
    label = LevelTargetd()({"image": image, "edges": edges, "column": column, "covered": (-1.0, 10.0)})["label"].numpy()
    np.testing.assert_allclose(label[:3], [[0, 0, 2 / 3, 1], [0, 0.5, 1 / 3, 0], [1, 0.5, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(label[3:5], [[1, -1, 1, 0], [0, 0, 0, 0]], atol=1e-6)  # body, disc, body, unknown
    np.testing.assert_allclose(label[5:], [[-0.5, 0, 0.5, 0], [-0.5, -0.5, -0.5, 0]], atol=1e-6)  # pixel centres at ±0.5


def test_points_come_from_bodies():
    bodies = [{"name": n, "centre": [0, 0, z], "z_range": [z - 14, z + 14]} for n, z in (("L2", 70), ("L3", 35))]
    points = SpinePointsd(levels=["L2", "L3"])({"bodies": bodies})
    np.testing.assert_allclose(points["edges"][:, 2], [np.inf, 52.5, 21.0])
    np.testing.assert_allclose(points["column"][:, 2], [70, 52.5, 35])


@pytest.mark.parametrize("mark", [(12.0, -30.0, 60.0), (-20.0, 25.0, 0.0), (0.0, 6.0, -40.0)])  # LPS
@pytest.mark.parametrize("seed", range(6))
def test_a_marked_point_is_where_it_is_said_to_be(seed, mark):
    case = layered()
    x, y, z = ((np.array([-1, -1, 1]) * mark - np.array([-88.5, -88.5, -165.0])) / 3.0).round().astype(int)
    marked = torch.zeros_like(case["image"].as_tensor())
    marked[0, x - 1 : x + 2, y - 1 : y + 2, z - 1 : z + 2] = 100.0
    case |= {"image": MetaTensor(marked, affine=case["image"].affine), "column": np.array([mark])}
    out = RandSpineViewd(size=(64, 64, 128), spacing=(3.0, 3.0, 3.0), fill=0.0).set_random_state(seed)(case)
    point, (low, high) = out["column"][0], out["covered"]
    if not low + 9 < point[2] < high - 9:
        assert seed != 0, "seed 0 sees every mark"
    else:
        weights = out["image"][0].numpy()
        where = np.argwhere(weights > 1) * 3.0 + out["image"].affine[:3, 3].numpy()
        centre = np.average(where, axis=0, weights=weights[weights > 1])
        np.testing.assert_allclose(centre, point, atol=3.0)


def test_scanners_differ_but_leave_the_outside_alone():
    hu = torch.full((1, 16, 16, 12), 40.0)
    hu[:, 6:10, 6:10] = 600.0
    hu[..., :3] = -1000.0
    image = MetaTensor(hu, affine=np.eye(4))
    scanner = RandHounsfieldd(fill=-1000.0)
    outs = [scanner.set_random_state(s)({"image": image, "bare": False})["image"] for s in range(5)]
    for out in outs:
        assert float(out[..., :3].max()) == float(out[..., :3].min()) == -1000.0
        assert float(out[:, 6:10, 6:10, 3:].mean()) > float(out[:, :5, :5, 3:].mean()) + 150
    assert not torch.equal(outs[0], outs[1])


def test_bare_bones_are_clothed():
    hu = torch.zeros(1, 32, 32, 10)
    hu[:, 14:18, 14:18] = 600.0
    outs = [RandHounsfieldd(fill=-2000.0).set_random_state(s)({"image": MetaTensor(hu, affine=np.eye(4)), "bare": True}) for s in range(6)]
    assert any(float(o["image"].min()) < -500 for o in outs)  # air appears around the painted body
