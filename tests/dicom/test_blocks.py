"""Series of several angled blocks, taken apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from msk_monai.dicom.blocks import blocks
from msk_monai.dicom.instance import Frame, Instance, Projection
from msk_monai.dicom.reader import SeriesReader
from msk_monai.dicom.study import Series, index_folder
from msk_monai.errors import GeometryError, MixedStackError
from tests.dicom.test_orientations import tilted
from tests.dicom.writing import ABSENT, AXIAL, CORONAL, SAGITTAL, ct_slice, enhanced_ct, item, noise, save, sequence

STEP = 4.0
ROWS, COLUMNS, SPACING = 9, 7, (0.7, 0.5)


def block_planes(centre, orientation, count, *, step=STEP, shear=(0, 0, 0)):
    """(position, orientation) of planes about a centre, in order along their normal."""
    row, column = np.reshape(orientation, (2, 3)).astype(float)
    corner = np.asarray(centre) - row * SPACING[1] * (COLUMNS - 1) / 2 - column * SPACING[0] * (ROWS - 1) / 2
    along = np.cross(row, column) * step + np.asarray(shear)
    return [((corner + along * (k - (count - 1) / 2)).tolist(), tuple(orientation)) for k in range(count)]


def frame(position, orientation, thickness=STEP, spacing=SPACING):
    return Frame(
        position=tuple(position), orientation=tuple(orientation), spacing=spacing, thickness=thickness, slope=1.0, intercept=0.0, labels=()
    )


def series_of(planes, *, order=None, thickness=STEP):
    """A series that exists in memory only; files are named after the planes' numbers."""
    instances = [
        Instance(
            path=Path(f"{number}.dcm"), sop_uid=str(number), sop_class="", instance_number=number, acquisition_number=None, image_type=(),
            laterality=None, rows=ROWS, columns=COLUMNS, frames=(frame(position, orientation, thickness),), frames_are="slice", pixels=None,
            projection=Projection(),
        )
        for number, (position, orientation) in enumerate(planes)
    ]  # fmt: skip
    shuffled = [instances[index] for index in order] if order is not None else instances
    return Series(key="series", format="dicom", series_uid="1.2", modality="MR", instances=tuple(shuffled), slice_thickness=thickness)


def numbers(found):
    """The planes of each block, sorted."""
    return [sorted(int(path.stem) for path in block.paths) for block in found]


@st.composite
def spines(draw):
    """Blocks 33 mm apart from the head to the feet, with any tilts, and the order of their files."""
    tilts = draw(st.lists(st.sampled_from([-20, -8, 0, 0, 0, 12, 30, 45]) | st.floats(-20, 45), min_size=1, max_size=6))
    counts = [draw(st.integers(1, 5)) for _ in tilts]
    planes, expected = [], []
    for number, (degrees, count) in enumerate(zip(tilts, counts, strict=True)):
        centre = (0, draw(st.floats(-8, 8)), 100 - 33.0 * number - draw(st.floats(0, 2)))
        expected.append(list(range(len(planes), len(planes) + count)))
        planes += block_planes(centre, tilted(degrees), count)
    return planes, expected, draw(st.permutations(range(len(planes))))


@given(spines())
def test_blocks_come_apart_from_the_head_to_the_feet_whatever_their_tilts_and_file_names(spine):
    planes, expected, order = spine
    assert numbers(blocks(series_of(planes, order=order))) == expected


@given(st.integers(0, 2**32 - 1), st.integers(1, 25), st.floats(0.3, 9), st.booleans())
def test_a_uniform_series_is_one_block(seed, count, step, sheared):
    rows = Rotation.random(random_state=seed).as_matrix()[:2]
    shear = rows[0] * 0.3 * step if sheared else (0, 0, 0)
    series = series_of(block_planes((1, 2, 3), rows.ravel(), count, step=step, shear=shear))
    assert blocks(series) == (series,)


def test_widely_spaced_thin_slices_are_one_stack_where_there_are_many():
    planes = block_planes((0, 0, 0), AXIAL, 12, step=10)
    assert len(blocks(series_of(planes, thickness=1))) == 1


def test_parallel_blocks_of_two_discs_and_of_different_positions_in_plane():
    planes = block_planes((0, 0, 40), AXIAL, 4) + block_planes((0, 0, 18), AXIAL, 4) + block_planes((0, 30, 2), AXIAL, 4)
    assert numbers(blocks(series_of(planes))) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_single_slices_of_one_angle_are_not_a_stack():
    planes = [plane for z in (66, 33, 0) for plane in block_planes((0, 0, z), AXIAL, 1)]
    assert numbers(blocks(series_of(planes))) == [[0], [1], [2]]


def test_a_block_that_is_not_regular_comes_slice_by_slice():
    uneven = [plane for z in (20, 14.1, 9.5, 5.5) for plane in block_planes((0, 0, z), AXIAL, 1)]
    planes = uneven + block_planes((0, 0, -30), tilted(30), 3)
    assert numbers(blocks(series_of(planes))) == [[0], [1], [2], [3], [4, 5, 6]]


def test_a_hole_parts_a_block_in_two():
    planes = block_planes((0, 0, 0), AXIAL, 7)
    del planes[3]
    assert numbers(blocks(series_of(planes))) == [[3, 4, 5], [0, 1, 2]]


def test_images_of_one_position_stay_together():
    planes = block_planes((0, 0, 40), AXIAL, 3) * 2 + block_planes((0, 0, 0), tilted(20), 3)
    assert numbers(blocks(series_of(planes))) == [[0, 1, 2, 3, 4, 5], [6, 7, 8]]


def test_matrix_and_spacing_part_blocks():
    series = series_of(block_planes((0, 0, 0), AXIAL, 6))
    changed = [
        replace(one, rows=12) if number < 2 else replace(one, frames=(replace(one.frames[0], spacing=(0.6, 0.6)),)) if number < 4 else one
        for number, one in enumerate(series.instances)
    ]
    assert numbers(blocks(replace(series, instances=tuple(changed)))) == [[4, 5], [2, 3], [0, 1]]


def test_localizers_are_left_out_and_told_of():
    planes = [*block_planes((0, 0, 40), AXIAL, 4), *block_planes((0, 0, 0), tilted(40), 4), *block_planes((0, 0, 0), SAGITTAL, 1)]
    series = replace(series_of([*planes, *block_planes((0, 0, 0), CORONAL, 5)]), notes=("a note",))
    scouts = [replace(one, image_type=("ORIGINAL", "LOCALIZER")) if number > 8 else one for number, one in enumerate(series.instances)]
    found = blocks(replace(series, instances=tuple(scouts)))
    assert numbers(found) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert [one.key for one in found] == ["series/1", "series/2"]
    assert found[1].notes == (
        "a note",
        "5 localizer images among the slices were left out",
        "1 slices of another orientation than the other 8 were left out as localizers",
    )


def test_every_block_is_a_stack_for_the_reader(load, tmp_path):
    planes = [*block_planes((0, 0, 70), AXIAL, 4), *block_planes((0, 0, 35), tilted(15), 3), *block_planes((0, 5, 0), tilted(45), 1)]
    for number, (position, orientation) in enumerate(planes):
        pixels = noise(ROWS, COLUMNS, seed=number)
        save(ct_slice(pixels, position=position, orientation=orientation, number=number), tmp_path / f"{number * 5 % 8}.dcm")
    with pytest.raises(MixedStackError, match=r"3 orientations \(4, 3, 1 slices\)"):
        load(tmp_path)
    found = blocks(index_folder(tmp_path).series[0])
    assert [load(list(map(str, block.paths))).shape for block in found] == [(1, 7, 9, 4), (1, 7, 9, 3), (1, 7, 9, 1)]
    array, meta = SeriesReader().read_series(found[1])
    assert array.shape == (7, 9, 3)
    assert meta["spacing_mm"] == pytest.approx((0.5, 0.7, 4.0))


@pytest.mark.parametrize("keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_missing_geometry_is_an_error(tmp_path, keyword):
    save(ct_slice(noise(ROWS, COLUMNS), position=(0, 0, 0), **{keyword: ABSENT}), tmp_path / "a.dcm")
    with pytest.raises(GeometryError, match=f"expected {keyword} in every slice"):
        blocks(index_folder(tmp_path).series[0])


@pytest.mark.parametrize("other", [AXIAL, tilted(30)])
def test_blocks_in_one_multi_frame_file_cannot_be_told_apart(tmp_path, other):
    planes = [*block_planes((0, 0, 40), AXIAL, 3), *block_planes((0, 0, 0), other, 3)]
    dataset = enhanced_ct(noise(6, ROWS, COLUMNS), positions=[position for position, _ in planes])
    for groups, (_, orientation) in zip(dataset.PerFrameFunctionalGroupsSequence, planes, strict=True):
        groups.PlaneOrientationSequence = sequence(ImageOrientationPatient=list(orientation))
    save(dataset, tmp_path / "a.dcm")
    with pytest.raises(MixedStackError, match=r"got several of 2 blocks in a\.dcm; files cannot tell them apart"):
        blocks(index_folder(tmp_path).series[0])


def test_a_localizer_among_the_frames_of_a_file_is_an_error(tmp_path):
    planes = [*block_planes((0, 0, 0), AXIAL, 4), *block_planes((0, 0, 0), SAGITTAL, 1)]
    dataset = enhanced_ct(noise(5, ROWS, COLUMNS), positions=[position for position, _ in planes])
    dataset.PerFrameFunctionalGroupsSequence[-1].PlaneOrientationSequence = [item(ImageOrientationPatient=list(SAGITTAL))]
    save(dataset, tmp_path / "a.dcm")
    with pytest.raises(MixedStackError, match=r"a localizer among the frames of a\.dcm"):
        blocks(index_folder(tmp_path).series[0])


def test_one_multi_frame_stack_is_one_block(tmp_path):
    positions = [position for position, _ in block_planes((0, 0, 0), AXIAL, 5)]
    save(enhanced_ct(noise(5, ROWS, COLUMNS), positions=positions), tmp_path / "a.dcm")
    series = index_folder(tmp_path).series[0]
    assert blocks(series) == (series,)


def test_slices_that_agree_with_one_but_not_with_each_other_come_one_by_one():
    planes = [
        *block_planes((0, 0, 0), tilted(20.0), 1),
        *block_planes((0, 0, 4), tilted(20.5), 1),
        *block_planes((0, 0, -4), tilted(19.5), 1),
    ]
    found = blocks(series_of(planes))
    assert [len(block.instances) for block in found] == [1, 1, 1]
