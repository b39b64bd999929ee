"""Coarse axial grids from volumes of any kind."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.data import MetaTensor
from monai.transforms import Orientation

from msk_monai.transforms import AxialGridd, NeighbourSlicesd
from msk_monai.transforms.axial_grid import block_mean


def ball(spacing, centre=(10.0, -20.0, 30.0), radius=25.0, size=120.0):
    """A bright ball in air, RAS."""
    shape = [int(size / s) for s in spacing]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = np.asarray(centre) - np.asarray(spacing) * (np.asarray(shape) - 1) / 2 + (5, -4, 3)
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1) * spacing + affine[:3, 3]
    hu = np.where(np.linalg.norm(grid - centre, axis=-1) < radius, 700.0, -1000.0).astype(np.float32)
    return MetaTensor(torch.from_numpy(hu[None]), affine=affine)


def centre_of(volume, threshold=200):
    inside = np.argwhere(volume[0].numpy() > threshold)
    return (inside @ volume.affine[:3, :3].numpy().T + volume.affine[:3, 3].numpy()).mean(axis=0)


@settings(deadline=None, max_examples=12)
@given(spacing=st.tuples(*[st.sampled_from([0.8, 1.0, 2.0, 3.0, 5.0])] * 3), codes=st.sampled_from(["RAS", "LPS", "PIR", "SAL", "ILA"]))
def test_a_ball_stays_where_it_is(spacing, codes):
    volume = Orientation(axcodes=codes, labels=None)(ball(spacing))
    out = AxialGridd(keys="image", spacing=(4, 4, 3), in_plane=(32, 32))({"image": volume})["image"]
    assert tuple(out.shape[:3]) == (1, 32, 32)
    np.testing.assert_allclose(np.diag(out.affine), [4, 4, 3, 1])
    np.testing.assert_allclose(centre_of(out), (10, -20, 30), atol=1.5)


def test_the_grid_is_centred_on_the_body_and_keeps_the_source():
    volume = ball((2.0, 2.0, 2.0))
    data = AxialGridd(keys="source", output_keys="image", in_plane=(16, 16), margin=3)({"source": volume})
    assert data["source"] is volume
    middle = data["image"].affine[:2, 3].numpy() + (16 - 1) / 2 * 4.0
    np.testing.assert_allclose(middle, (10, -20), atol=2)
    assert data["image"].shape[-1] == 40 + 6
    assert float(data["image"][..., :3].max()) == float(data["image"][..., -3:].max()) == -200.0


def test_metal_does_not_outshine_bone():
    volume = ball((1.0, 1.0, 1.0))
    volume[0, 60, 60, 60] = 20000
    assert float(AxialGridd(keys="image")({"image": volume})["image"].max()) <= 1000.0


def test_block_mean_averages_whole_blocks_and_the_rest():
    volume = torch.arange(5, dtype=torch.float32)[:, None, None].expand(5, 2, 2)
    coarse, affine = block_mean(volume, np.eye(4), np.array([2.0, 1.0, 1.0]), (-10, 10))
    assert coarse[:, 0, 0].tolist() == [0.5, 2.5, 4.0]
    np.testing.assert_allclose(affine[:3, 3], [0.5, 0, 0])
    np.testing.assert_allclose(np.diag(affine), [2, 1, 1, 1])


def test_memory_order_changes_nothing():
    volume = torch.rand(12, 10, 8)
    turned = volume.permute(2, 1, 0).contiguous().permute(2, 1, 0)
    a, _ = block_mean(volume, np.eye(4), np.array([3.0, 2.0, 2.0]), (0, 1))
    b, _ = block_mean(turned, np.eye(4), np.array([3.0, 2.0, 2.0]), (0, 1))
    torch.testing.assert_close(a, b)


def test_an_empty_volume_is_centred_on_itself():
    out = AxialGridd(keys="image", in_plane=(8, 8))({"image": MetaTensor(torch.full((1, 9, 9, 9), -1000.0), affine=np.eye(4))})["image"]
    np.testing.assert_allclose(out.affine[:2, 3].numpy() + 14.0, [4, 4], atol=2)


def test_neighbours_are_channels():
    volume = MetaTensor(torch.arange(4.0)[None, None, None].expand(1, 2, 2, 4).contiguous(), affine=np.diag([4, 4, 3, 1]))
    out = NeighbourSlicesd(keys="image", count=3)({"image": volume})["image"]
    assert out[:, 0, 0, :].tolist() == [[0, 0, 1, 2], [0, 1, 2, 3], [1, 2, 3, 0]]
    np.testing.assert_allclose(out.affine, volume.affine)


def test_neighbour_counts_are_odd():
    with pytest.raises(ValueError, match="odd number of slices, got 4"):
        NeighbourSlicesd(keys="image", count=4)
    with pytest.raises(ValueError, match="one channel, got 2"):
        NeighbourSlicesd(keys="image")({"image": torch.zeros(2, 3, 3, 3)})
