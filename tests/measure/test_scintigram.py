"""Uptake from counts, the reference's rule for the row of the knees, and places that cannot be knees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.measure.scintigram import body_counts, knees_plausible, reference_knee_row, uptake_grey

SIZE = (256, 1024)


def view(rows=(), *, size=SIZE):
    """Empty but for rows with a count in column 30."""
    counts = np.zeros(size)
    for row, value in rows:
        counts[30, row] = value
    return counts


def test_the_body_is_what_is_not_empty_nor_beside_it():
    counts = np.zeros((100, 400))
    counts[20:80] = 5.0
    counts[:20] = 0.2  # scatter beside the body
    counts[40:50, 100:110] = 900.0  # bladder
    assert body_counts(counts) == 5.0


@given(st.floats(1e-3, 1e3))
def test_the_body_has_as_many_times_the_counts_as_the_scan(dose):
    counts = np.random.default_rng(0).gamma(2.0, 3.0, (40, 100))
    assert body_counts(dose * counts) == pytest.approx(dose * body_counts(counts))


def test_a_view_without_counts_has_no_body():
    with pytest.raises(ValueError, match="expected counts, got an empty view"):
        body_counts(np.zeros((4, 4)))


def test_grey_is_the_root_of_the_uptake_and_is_cut_off():
    assert uptake_grey([-1, 0, 10, 40, 4000]) == pytest.approx([0, 0, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(560, 2), (509, 9), (639, 9)], 560),
        ([(510, 2), (638, 1)], 510),
        ([(510, 1), (638, 2)], 638),
        ([(600, 3), (620, 3)], 600),
    ],
)
def test_the_reference_takes_the_brightest_row_of_510_to_638(rows, expected):
    assert reference_knee_row(view(rows)) == expected


def test_the_brightest_row_is_that_of_the_largest_sum():
    counts = view([(600, 5)])
    counts[10:20, 550] = 1
    assert reference_knee_row(counts) == 550


@pytest.mark.parametrize(
    ("column", "row", "moved"), [(100, 510, True), (149, 510, True), (99, 510, False), (150, 510, False), (120, 509, False)]
)
def test_counts_between_the_legs_in_its_first_row_move_the_band(column, row, moved):
    counts = view([(520, 8), (579, 9), (580, 4), (708, 5), (709, 9)])
    counts[column, row] = 1
    assert reference_knee_row(counts) == (708 if moved else 579)


@pytest.mark.parametrize("size", [(256, 700), (149, 1024), (256,)])
def test_the_reference_needs_its_matrix(size):
    with pytest.raises(ValueError, match="expected a view of 1024 rows and 256 columns"):
        reference_knee_row(np.ones(size))


@pytest.mark.parametrize(
    ("right", "left", "fault"),
    [
        ((80, 600), (170, 605), None),
        ((170, 600), (80, 605), "the wrong way round"),
        ((120, 600), (130, 600), "on one another"),
        ((-2, 600), (100, 600), "outside the image"),
        ((80, 600), (170, 1024), "outside the image"),
        ((80, 600), (170, np.nan), "outside the image"),
        ((80, 500), (170, 660), "far above"),
    ],
)
def test_places_that_cannot_be_a_patients_knees(right, left, fault):
    found = knees_plausible(right, left, SIZE)
    assert found is None if fault is None else fault in found


@given(st.integers(1, 8))
def test_plausible_places_are_so_in_any_matrix(factor):
    places = np.array([[80, 600], [170, 605], [170, 700]])
    scaled = (places + 0.5) * factor - 0.5
    size = np.array(SIZE) * factor
    assert knees_plausible(scaled[0], scaled[1], size) is None
    assert knees_plausible(scaled[0], scaled[2], size) is None
    assert knees_plausible(scaled[1], scaled[0], size) is not None
