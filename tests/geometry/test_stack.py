"""Stacks of planes: order, grid and affine, whatever their pose in the patient."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from msk_monai.errors import GantryTiltError, GeometryError, MissingSliceError, UnevenSpacingError
from msk_monai.geometry.stack import (
    checked_orientation,
    coincident_groups,
    parallel_groups,
    plane_name,
    regular_stack,
    stack_affine,
    stacking_direction,
)

AXIAL = np.array([[1.0, 0, 0], [0, 1.0, 0]])
HEAD = np.array([0.0, 0, 1])

poses = st.tuples(*[st.floats(-180, 180)] * 3).map(lambda angles: Rotation.from_euler("xyz", angles, degrees=True))
shifts = st.tuples(*[st.floats(-500, 500)] * 3).map(np.array)
spacings = st.floats(0.3, 12)


def along(offsets, direction=HEAD, origin=(0.0, 0, 0)):
    return np.asarray(origin) + np.asarray(offsets, dtype=float)[:, None] * direction


@given(pose=poses, shift=shifts, spacing=spacings, count=st.integers(2, 40), seed=st.integers(0, 99))
def test_any_regular_stack_is_ordered_exactly(pose, shift, spacing, count, seed):
    orientation = checked_orientation(pose.apply(AXIAL).ravel())
    direction = stacking_direction(orientation)
    points = along(np.arange(count) * spacing, direction, shift)
    shuffled = np.random.default_rng(seed).permutation(count)

    stack = regular_stack(points[shuffled], direction)

    np.testing.assert_array_equal(shuffled[stack.order], np.arange(count))
    np.testing.assert_allclose(stack.step, spacing * direction, atol=1e-9)
    assert not stack.interpolated
    assert stack.tilt_deg == 0


@given(pose=poses, shift=shifts, spacing=spacings, rows=st.floats(0.1, 2), columns=st.floats(0.1, 2))
def test_affine_maps_indices_to_where_the_pixels_are(pose, shift, spacing, rows, columns):
    orientation = pose.apply(AXIAL)
    step = spacing * np.cross(*orientation)
    affine = stack_affine(shift, orientation, (rows, columns), step)
    expected = shift + 3 * columns * orientation[0] + 5 * rows * orientation[1] + 7 * step
    np.testing.assert_allclose(affine @ [3, 5, 7, 1], [*expected, 1], atol=1e-9)


@given(spacing=spacings, count=st.integers(5, 30), missing=st.data())
def test_any_missing_slice_is_seen(spacing, count, missing):
    gone = missing.draw(st.integers(1, count - 2))
    offsets = np.delete(np.arange(count) * spacing, gone)
    with pytest.raises(MissingSliceError, match="1 missing"):
        regular_stack(along(offsets), HEAD)


@given(spacing=st.floats(0.6, 12), count=st.integers(5, 60), seed=st.integers(0, 99))
def test_rounding_to_a_tenth_of_a_millimetre_is_regular(spacing, count, seed):
    start = np.random.default_rng(seed).uniform(-100, 100)
    stack = regular_stack(along(np.round(start + np.arange(count) * spacing, 1)), HEAD)
    assert np.linalg.norm(stack.step) == pytest.approx(spacing, abs=0.1 / (count - 1) + 1e-9)


@given(tilt=st.floats(1, 30), count=st.integers(3, 20))
def test_a_tilted_stack_keeps_its_shear(tilt, count):
    shear = np.array([0, np.tan(np.radians(tilt)), 1])
    stack = regular_stack(along(np.arange(count) * 3.0, shear), HEAD)
    np.testing.assert_allclose(stack.step, 3 * shear)
    assert stack.tilt_deg == pytest.approx(tilt)


@given(gaps=st.lists(st.floats(2, 5), min_size=3, max_size=20), slope=st.floats(-10, 10))
def test_interpolation_is_exact_for_what_is_linear(gaps, slope):
    offsets = np.concatenate([[0], np.cumsum(gaps)])
    stack = regular_stack(along(offsets), HEAD, interpolate=True)
    if not stack.interpolated:
        return
    values = [sum(weight * slope * offsets[index] for index, weight in parts) for parts in stack.weights]
    planes = np.minimum(np.arange(len(values)) * np.linalg.norm(stack.step), offsets[-1])
    np.testing.assert_allclose(values, slope * planes, atol=1e-2)
    assert planes[-1] > offsets[-1] - np.linalg.norm(stack.step)


def test_uneven_is_not_missing():
    with pytest.raises(UnevenSpacingError, match=r"1\.5 to 2\.6 mm \(usually 2 mm\)"):
        regular_stack(along([0, 2, 4, 5.5, 8.1]), HEAD)


def test_slow_drift_is_uneven():
    with pytest.raises(UnevenSpacingError):
        regular_stack(along(np.cumsum(np.linspace(1.0, 1.1, 40))), HEAD)


def test_scattered_planes_have_no_axis():
    points = along([0, 2, 4, 6])
    points[2, 0] += 1
    with pytest.raises(GantryTiltError, match=r"series: expected slices along one straight axis.*1\.00 mm"):
        regular_stack(points, HEAD, subject="series")


def test_positions_must_be_finite():
    with pytest.raises(GeometryError, match="finite slice positions"):
        regular_stack(along([0, np.nan]), HEAD)


def test_one_plane_is_a_stack_of_its_thickness():
    stack = regular_stack(along([5]), HEAD, thickness=4)
    assert stack.step.tolist() == [0, 0, 4]
    assert stack.weights == (((0, 1.0),),)


@pytest.mark.parametrize("cosines", [[1, 0, 0, 0.2, 1, 0], [0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0], [1, 0, 0, 0, np.inf, 0]])
def test_impossible_orientations(cosines):
    with pytest.raises(GeometryError, match="ImageOrientationPatient"):
        checked_orientation(cosines)


def test_rounded_cosines_are_made_orthonormal():
    cosines = checked_orientation([0.999, 0.04, 0, -0.04, 0.999, 0.001])
    np.testing.assert_allclose(cosines @ cosines.T, np.eye(2), atol=1e-12)


@pytest.mark.parametrize(
    ("normal", "name"),
    [
        ((0, 0, 1), "axial"),
        ((0, 0.5, -0.87), "axial"),
        ((-1, 0, 0), "sagittal"),
        ((0, 1, 0.1), "coronal"),
        ((0.6, 0.6, 0.53), "oblique"),
    ],
)
def test_plane_names(normal, name):
    assert plane_name(normal) == name


def test_axial_slices_always_count_towards_the_head():
    assert stacking_direction([[-1, 0, 0], [0, 1, 0]])[2] == 1
    assert stacking_direction([[0, 1, 0], [0, 0, -1]]).tolist() == [-1, 0, 0]


def test_groups():
    sagittal = [0, 1, 0, 0, 0, -1]
    assert parallel_groups([sagittal, AXIAL.ravel(), AXIAL.ravel() + 1e-3]) == [[1, 2], [0]]
    assert coincident_groups(along([4, 0, 2, 0.005]), HEAD) == [[1, 3], [2], [0]]
