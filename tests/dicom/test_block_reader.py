"""One tensor for each block of a series."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from msk_monai.dicom.block_reader import BlockReader
from msk_monai.errors import DuplicateSliceError, MixedStackError
from tests.dicom.test_blocks import block_planes
from tests.dicom.test_orientations import tilted
from tests.dicom.writing import AXIAL, SAGITTAL, ct_slice, noise, save, uid


def write_planes(folder, planes, *, first=0, shape=(9, 7), **attributes):
    """One file for each (position, orientation), each with pixels of its own; names do not follow the order."""
    paths = []
    for number, (position, orientation) in enumerate(planes, start=first):
        pixels = noise(*shape, seed=number)
        dataset = ct_slice(pixels, position=position, orientation=orientation, number=number, SliceThickness="4", **attributes)
        paths.append(save(dataset, folder / f"{number * 7 % 31:02d}.dcm"))
    return paths


@pytest.fixture
def spine(tmp_path):
    planes = [*block_planes((0, 0, 70), AXIAL, 4), *block_planes((0, 2, 35), AXIAL, 3), *block_planes((0, 5, 0), tilted(45), 1)]
    return write_planes(tmp_path, planes), planes


def test_blocks_are_what_the_series_reader_gives_for_their_files(spine, load):
    paths, planes = spine
    first, second, third = read = BlockReader()(sorted(paths))
    assert [type(one) for one in read] == [MetaTensor] * 3
    assert [tuple(one.shape) for one in read] == [(1, 7, 9, 4), (1, 7, 9, 3), (1, 7, 9, 1)]
    for one, start, end in ((first, 0, 4), (second, 4, 7), (third, 7, 8)):
        alone = load([str(path) for path in paths[start:end]])
        assert one.dtype == torch.float32
        np.testing.assert_array_equal(one.numpy(), alone.numpy())
        np.testing.assert_allclose(one.affine.numpy(), alone.affine.numpy())
        assert set(one.meta) == set(alone.meta)
        np.testing.assert_allclose(one.affine.numpy()[:3, 3] * [-1, -1, 1], planes[start][0], atol=1e-9)


def test_a_slice_alone_is_as_thick_as_its_header_says(spine):
    assert BlockReader()(spine[0])[2].meta["spacing_mm"] == pytest.approx((0.5, 0.7, 4.0))


def test_a_uniform_series_is_one_volume(tmp_path, load):
    write_planes(tmp_path, block_planes((0, 0, 0), tilted(10), 6))
    [read] = BlockReader(workers=1)(tmp_path)
    alone = load(tmp_path)
    np.testing.assert_array_equal(read.numpy(), alone.numpy())
    assert read.meta["warnings"] == ()


def test_matrices_may_differ_between_blocks(tmp_path):
    paths = write_planes(tmp_path, block_planes((0, 0, 40), AXIAL, 3))
    paths += write_planes(tmp_path, block_planes((0, 0, 0), tilted(20), 3), first=3, shape=(12, 8), spacing=(0.4, 0.4))
    first, second = BlockReader()(paths)
    assert (tuple(first.shape), tuple(second.shape)) == ((1, 7, 9, 3), (1, 8, 12, 3))
    assert second.meta["spacing_mm"] == pytest.approx((0.4, 0.4, 4.0))


def test_localizers_are_left_out_with_a_warning(spine, tmp_path):
    paths = spine[0] + write_planes(tmp_path, block_planes((0, 0, 0), SAGITTAL, 1), first=8)
    read = BlockReader()(paths)
    assert len(read) == 3
    assert all(one.meta["warnings"] == ("1 slices of another orientation than the other 8 were left out as localizers",) for one in read)


def test_repetitions_are_left_out_and_contradictions_refused(spine, tmp_path):
    paths, planes = spine
    again = ct_slice(noise(9, 7, seed=1), position=planes[1][0], SliceThickness="4", number=50)
    repeated = BlockReader()([*paths, save(again, tmp_path / "again.dcm")])
    assert [one.shape[-1] for one in repeated] == [4, 3, 1]
    assert repeated[0].meta["warnings"] == ("1 slices repeat another one exactly and were left out",)
    other = ct_slice(noise(9, 7, seed=99), position=planes[1][0], SliceThickness="4", number=51)
    with pytest.raises(DuplicateSliceError, match="expected one slice at each position"):
        BlockReader()([*paths, save(other, tmp_path / "other.dcm")])


def test_files_of_two_series_are_refused(spine, tmp_path):
    more = write_planes(tmp_path, block_planes((0, 0, 0), AXIAL, 2), first=20, SeriesInstanceUID=uid("another"))
    with pytest.raises(MixedStackError, match="expected one series, got 2"):
        BlockReader()([*spine[0], *more])
