import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.geometry.patches import mirrored, patch_matrix, row_matrix, row_members, share_matrix, view_matrix
from tests.transforms.films import column

QUAD = np.array([[10.0, 20.0], [50.0, 24.0], [9.0, 40.0], [49.0, 44.0]])


def test_middle_of_the_patch_is_the_middle_of_the_corners():
    matrix = patch_matrix(QUAD, size=96, widths=2.0)
    assert matrix[:, :2] @ [47.5, 47.5] + matrix[:, 2] == pytest.approx(QUAD.mean(axis=0))


def test_rows_run_along_the_vertebra_and_the_side_is_in_widths():
    matrix = patch_matrix(QUAD, size=100, widths=2.0)
    across = (QUAD[1] + QUAD[3] - QUAD[0] - QUAD[2]) / 2
    assert 100 * matrix[:, 0] == pytest.approx(2.0 * across)
    assert matrix[:, 0] @ matrix[:, 1] == pytest.approx(0)


@given(angle=st.floats(-3, 3), scale=st.floats(0.2, 5), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_corners_have_the_same_place_in_the_patch_wherever_the_vertebra_lies(angle, scale, x, y):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    places = []
    for quad in (QUAD, QUAD @ turn.T + [x, y]):
        matrix = patch_matrix(quad, size=96, widths=2.2)
        places.append(np.linalg.solve(matrix[:, :2], (quad - matrix[:, 2]).T))
    assert places[0] == pytest.approx(places[1], abs=1e-6)


def test_shift_is_in_widths():
    shifted, plain = patch_matrix(QUAD, size=96, widths=2.0, shift=(1.0, 0.0)), patch_matrix(QUAD, size=96, widths=2.0)
    assert shifted[:, 2] - plain[:, 2] == pytest.approx([np.hypot(40, 4), 0])


def test_a_quadrilateral_without_width_is_refused():
    with pytest.raises(ValueError, match="width"):
        patch_matrix(np.zeros((4, 2)), size=96, widths=2.0)


SIZE = (192, 480)


@given(angle=st.floats(-0.7, 0.7), scale=st.floats(0.2, 5), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_a_row_looks_the_same_wherever_it_lies(angle, scale, x, y):
    row = column(6) + np.random.default_rng(0).normal(0, 2, (6, 4, 2))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    seen = [row_members(quads, row_matrix(quads, size=SIZE, pixels=28), pixels=28) for quads in (row, row @ turn.T + [x, y])]
    assert seen[0] == pytest.approx(seen[1], abs=1e-6)


def test_a_row_is_seen_around_the_views_middle_at_its_own_scale():
    members = row_members(column(5), row_matrix(column(5), size=SIZE, pixels=28), pixels=28)
    assert members[:, :2].mean(axis=0) == pytest.approx([95.5, 239.5])
    assert np.diff(members[:, 1]) == pytest.approx(27 * 28 / 40)
    assert np.exp(members[:, 2:4]) == pytest.approx(np.tile([1.0, 0.5], (5, 1)))
    assert members[:, 4] == pytest.approx([0, *[27 / 40] * 4])
    assert members[:, 5] == pytest.approx([*[27 / 40] * 4, 0])


def test_a_mirrored_row_has_its_members_on_the_other_side():
    bent = column(5) + np.array([0, 3, 9, 20, 40])[:, None, None] * [1, 0]
    matrix = row_matrix(bent, size=SIZE, pixels=28)
    plain, other = (row_members(bent, one, pixels=28) for one in (matrix, mirrored(matrix, SIZE[0])))
    assert plain[:, 0] + other[:, 0] == pytest.approx(SIZE[0] - 1)
    assert plain[:, 1:] == pytest.approx(other[:, 1:])


def test_a_row_of_one_and_a_row_without_width():
    assert row_members(column(1), row_matrix(column(1), size=SIZE, pixels=28), pixels=28)[0, 4:].tolist() == [0, 0]
    with pytest.raises(ValueError, match="width"):
        row_matrix(np.zeros((2, 4, 2)), size=SIZE, pixels=28)


def through(matrix, points):
    return np.asarray(points) @ matrix[:, :2].T + matrix[:, 2]


@given(
    spacing=st.tuples(*[st.floats(0.2, 2)] * 2),
    centre=st.tuples(*[st.floats(-50, 400)] * 2),
    size=st.integers(2, 300),
    step=st.floats(0.2, 2),
    turn=st.floats(-3, 3),
    flipped=st.booleans(),
)
def test_a_view_has_its_own_spacing_and_middle_in_mm(spacing, centre, size, step, turn, flipped):
    matrix = view_matrix(spacing, centre, size=size, view_spacing=step, turn=turn, mirrored=flipped)
    ends = np.array([(0, 0), (size - 1, 0), (0, size - 1), (size - 1, size - 1)])
    mm = through(matrix, ends) * spacing
    assert mm.mean(axis=0) == pytest.approx(np.multiply(centre, spacing), abs=1e-6)
    right, down = mm[1] - mm[0], mm[2] - mm[0]
    assert np.hypot(*right) == pytest.approx(step * (size - 1))
    assert right @ down == pytest.approx(0, abs=1e-5)
    assert down == pytest.approx(step * (size - 1) * np.array([-np.sin(turn), np.cos(turn)]), abs=1e-6)
    assert (right[0] * down[1] - right[1] * down[0] < 0) == flipped


def test_a_mirrored_view_is_the_view_the_other_way_round():
    plain = view_matrix((0.5, 0.7), (100, 80), size=64, view_spacing=0.6, turn=0.3)
    other = view_matrix((0.5, 0.7), (100, 80), size=64, view_spacing=0.6, turn=0.3, mirrored=True)
    assert other == pytest.approx(mirrored(plain, 64))


@given(columns=st.integers(20, 600), rows=st.integers(20, 600), size=st.integers(8, 400), cropped=st.floats(0, 0.45))
def test_of_an_image_without_its_rim_the_edges_are_the_squares_edges(columns, rows, size, cropped):
    matrix = share_matrix(columns, rows, size=size, cropped=cropped)
    low, high = through(matrix, [(-0.5, -0.5), (size - 0.5, size - 0.5)])
    whole = np.array([columns, rows])
    assert low == pytest.approx(cropped * whole - 0.5)
    assert high == pytest.approx((1 - cropped) * whole - 0.5)
