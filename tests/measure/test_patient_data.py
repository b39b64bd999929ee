import numpy as np
import pytest

from msk_monai.anatomy.discs import LEVELS
from msk_monai.measure.patient_data import DATA, SIZE, patient_vector

KNOWN = {"age": 68.0, "sex": "F", "canal_width": 16.0, "level": "L4-L5"}


def test_the_whole_vector():
    assert patient_vector(**KNOWN) == (1, -1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1)
    assert patient_vector() == (0,) * SIZE


@pytest.mark.parametrize("place", range(len(DATA)))
def test_a_datum_that_is_not_known_is_told_from_its_usual_value(place):
    without = patient_vector(**{key: value for number, (key, value) in enumerate(KNOWN.items()) if number != place})
    marks = without[3 + len(LEVELS) :]
    assert [number for number, mark in enumerate(marks) if not mark] == [place]
    whole = patient_vector(**KNOWN)
    of_level = range(3, 3 + len(LEVELS))
    values = of_level if DATA[place] == "level" else [place]
    assert all(without[number] == 0 for number in values)
    assert all(without[number] == whole[number] for number in range(3 + len(LEVELS)) if number not in values)


def test_an_usual_age_and_width_are_zeros_that_are_known():
    assert patient_vector(age=52.0, canal_width=13.0) == (0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0)


@pytest.mark.parametrize("level", LEVELS)
def test_levels_are_five_numbers(level):
    assert np.flatnonzero(patient_vector(level=level)[3:8]).tolist() == [LEVELS.index(level)]


@pytest.mark.parametrize("other", [{"sex": "O"}, {"sex": ""}, {"level": "T12-L1"}, {"level": "L4"}, {"level": ""}])
def test_words_of_another_meaning_count_as_not_known(other):
    assert patient_vector(**other) == patient_vector()


def test_sexes_are_opposites():
    man, woman = (np.array(patient_vector(sex=sex)) for sex in "MF")
    assert (man + woman == 2 * (np.arange(SIZE) == 9)).all()
