import numpy as np
import pytest

from msk_monai.phantoms.film_marks import Collimation, Mark, sample_collimation, sample_marks


def test_the_field_is_open_within_its_margins():
    field = Collimation(margins=(0.1, 0.2, 0.0, 0.25), blur_mm=1.0).field((100, 200), (0.5, 0.5))
    assert field.shape == (100, 200)
    np.testing.assert_array_equal(np.flatnonzero(field[:, 50] > 0.5), np.arange(10, 80))
    np.testing.assert_array_equal(np.flatnonzero(field[50] > 0.5), np.arange(0, 150))
    assert 0 < field[5, 50] < 0.01  # a little leaks through
    assert (Collimation().field((30, 40), (0.5, 0.5)) == 1).all()


def test_letters_are_as_high_and_where_they_should_be():
    mask = Mark(text="L", place=(0.75, 0.25), size=0.1).mask((400, 300))
    rows, columns = np.nonzero(mask > 0.5)
    assert 20 < np.ptp(rows) < 45
    assert rows.mean() == pytest.approx(100, abs=12)
    assert columns.mean() == pytest.approx(225, abs=12)
    assert columns.mean() < (columns.min() + columns.max()) / 2  # an L is heavier on its left


def test_letters_can_be_turned_and_mirrored():
    plain, mirrored = (Mark(text="L", place=(0.5, 0.5), size=0.2, backwards=b).mask((200, 200)) for b in (False, True))
    assert plain[:, :100].sum() > 1.3 * plain[:, 100:].sum()
    assert mirrored[:, 100:].sum() > 1.3 * mirrored[:, :100].sum()
    on_its_side = Mark(text="L", place=(0.5, 0.5), size=0.2, turned=90.0).mask((200, 200))
    assert np.ptp(np.nonzero(on_its_side.any(0))) > np.ptp(np.nonzero(on_its_side.any(1)))


@pytest.mark.parametrize("mirrored", [False, True])
def test_side_letters_are_true(mirrored):
    rng = np.random.default_rng(0)
    letters = [m for _ in range(60) for m in sample_marks(rng, mirrored=mirrored) if m.text in "LR"]
    assert len(letters) > 20
    for mark in letters:
        patients_left_is_right = not mirrored
        assert (mark.text == "L") == ((mark.place[0] > 0.5) == patients_left_is_right)


def test_about_half_of_the_films_are_open():
    rng = np.random.default_rng(1)
    drawn = [sample_collimation(rng) for _ in range(200)]
    assert 0.4 < np.mean([c.margins == (0, 0, 0, 0) for c in drawn]) < 0.6
    assert max(max(c.margins) for c in drawn) < 0.13
