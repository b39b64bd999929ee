"""Names of planes, also where each block of a series is tilted on its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from msk_monai.dicom.orientations import few_localizers, plane_names
from msk_monai.dicom.study import index_folder
from msk_monai.geometry.stack import PLANE_NAMES, plane_name
from tests.dicom.writing import AXIAL, CORONAL, SAGITTAL, noise, write_stack

rotations = st.integers(0, 2**32 - 1).map(lambda seed: Rotation.random(random_state=seed))


def tilted(degrees):
    """An axial plane tilted about the left-right axis, as discs are."""
    angle = np.radians(degrees)
    return (1, 0, 0, 0, float(np.cos(angle)), float(np.sin(angle)))


def turned(rotation, orientation):
    return tuple(np.concatenate([rotation.apply(orientation[:3]), rotation.apply(orientation[3:])]).tolist())


@given(rotations, st.integers(1, 30))
def test_parallel_planes_go_by_their_normal(rotation, count):
    orientation = turned(rotation, AXIAL)
    normal = np.cross(orientation[:3], orientation[3:])
    assert plane_names([orientation] * count) == (plane_name(normal),)


@given(rotations, st.integers(1, 30))
def test_three_perpendicular_planes_are_never_one_of_them(rotation, count):
    planes = [turned(rotation, one) for one in (AXIAL, CORONAL, SAGITTAL) for _ in range(count)]
    names = plane_names(planes)
    assert len(names) > 1 or names[0] not in PLANE_NAMES


@pytest.mark.parametrize(
    ("tilts", "expected"),
    [
        ([-15, -5, 5, 20, 45], ("axial",)),
        ([0, 0, 0, 0, 48], ("axial",)),
        ([10], ("axial",)),
        ([40, 44], ("oblique",)),
        ([0, 40, 42, 45], ("oblique",)),
        ([0, 30, 52], ("axial", "oblique")),
        ([0, 30, 60], ("axial", "coronal")),
    ],
)
def test_tilted_blocks_go_by_the_axis_they_share(tilts, expected):
    assert plane_names([tilted(degrees) for degrees in tilts for _ in range(4)], modality="MR") == expected


@pytest.mark.parametrize(
    ("planes", "modality", "expected"),
    [
        ([AXIAL] * 9 + [CORONAL], "CT", ("axial",)),
        ([AXIAL] * 9 + [CORONAL, SAGITTAL], "CT", ("axial",)),
        ([AXIAL] * 9 + [SAGITTAL], "MR", ("axial",)),
        ([AXIAL] * 9 + [CORONAL, SAGITTAL], "MR", ("axial", "coronal", "sagittal")),
        ([AXIAL] * 9 + [CORONAL] * 4, "CT", ("axial", "coronal")),
        ([AXIAL, CORONAL, SAGITTAL], "MR", ("axial", "coronal", "sagittal")),
        ([tilted(d) for d in (0, 10, 20, 30, 45)] * 3 + [SAGITTAL], "MR", ("axial",)),
    ],
)
def test_a_few_localizers_do_not_count_unless_they_are_all_there_is(planes, modality, expected):
    assert plane_names(planes, modality=modality) == expected


@pytest.mark.parametrize("faulty", [None, (np.nan,) * 6, (1, 0, 0, 1, 0, 0)])
def test_what_is_faulty_has_no_name(faulty):
    assert plane_names([AXIAL, faulty]) == ()
    assert plane_names([]) == ()


@pytest.mark.parametrize(
    ("others", "kept", "few"), [(1, 3, True), (1, 2, False), (3, 9, True), (3, 8, False), (4, 90, False), (0, 0, True)]
)
def test_few_localizers(others, kept, few):
    assert few_localizers(others, kept) is few


def test_the_orientation_of_a_series_of_blocks(tmp_path):
    for number, degrees in enumerate((-10, 5, 45)):
        write_stack(tmp_path / str(number), noise(3, 4, 5), orientation=tilted(degrees), origin=(0, 0, -40 * number), Modality="MR")
    series = index_folder(tmp_path).series[0]
    assert (series.orientation, series.orientations, series.normal) == ("axial", ("axial",), None)
    write_stack(tmp_path / "sagittal", noise(5, 4, 5), orientation=SAGITTAL, step=(4, 0, 0), Modality="MR")
    series = index_folder(tmp_path).series[0]
    assert (series.orientation, series.orientations) == (None, ("axial", "oblique", "sagittal"))
