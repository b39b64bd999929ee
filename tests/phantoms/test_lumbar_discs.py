from dataclasses import replace

import numpy as np
import pytest

from msk_monai.anatomy.discs import LEVELS
from msk_monai.measure.classification import auc
from msk_monai.phantoms.lumbar_discs import KINDS, sample_discs
from msk_monai.phantoms.lumbar_mr import lumbar_recipe, sample_lumbar_patient


@pytest.fixture(scope="module")
def patients():
    """Five draws of discs for each of 80 spines."""
    recipe, found = lumbar_recipe(), []
    for index in range(80):
        rng = np.random.default_rng((3, index))
        first = sample_lumbar_patient(rng, recipe)
        others = [replace(first, discs=sample_discs(rng, first.patient.spine, first.patient.age)) for _ in range(4)]
        found += [first, *others]
    return found


@pytest.fixture(scope="module")
def discs(patients):
    return [disc for patient in patients for disc in patient.discs]


def of_discs(patients, value):
    return np.array([value(one.patient) for one in patients for _ in LEVELS])


@pytest.fixture(scope="module")
def outcomes(discs):
    return np.array([disc.symptomatic for disc in discs])


@pytest.fixture(scope="module")
def odds(discs):
    return np.array([disc.odds for disc in discs])


def test_every_patient_has_the_five_lumbar_discs(patients):
    for one in patients:
        assert tuple(disc.level for disc in one.discs) == LEVELS
        assert [disc.disc.below for disc in one.discs] == ["L1", "L2", "L3", "L4", "L5"]


def test_sizes_are_those_of_people(discs):
    for disc in discs:
        width, depth = disc.sac
        assert 1 <= disc.grade <= 5
        assert 9 < width < 32
        assert 6 < depth < 24
        assert 0 <= disc.bulge < 2.3
        assert disc.disc.depth / 2 - 5 < disc.rim < disc.disc.depth / 2
        if disc.herniation is not None:
            assert 1.5 <= disc.herniation.depth <= 0.75 * depth
            assert abs(disc.herniation.side) <= 15
            assert disc.herniation.kind in KINDS
            assert disc.herniation.kind != "migrated" or 2 <= abs(disc.herniation.rise) <= 5


def test_the_sac_lies_behind_the_disc(discs):
    for disc in discs[::20]:
        offset = np.asarray(disc.sac_centre) - disc.disc.centre
        assert np.linalg.norm(offset) == pytest.approx(disc.rim + 0.8 + disc.sac[1] / 2)
        assert offset[1] > 0.6 * np.linalg.norm(offset)


def test_most_herniations_are_low(discs):
    shares = [np.mean([disc.herniation is not None for disc in discs[place::5]]) for place in range(5)]
    assert shares[0] < shares[1] < shares[2] < shares[3]
    assert shares[3] == pytest.approx(0.52, abs=0.08)
    assert {disc.herniation.kind for disc in discs if disc.herniation} == set(KINDS)


def test_discs_degenerate_with_age(patients, discs):
    ages = of_discs(patients, lambda patient: patient.age)
    assert np.corrcoef(ages, [disc.grade for disc in discs])[0, 1] > 0.5


def test_the_outcome_is_drawn_with_its_odds(outcomes, odds):
    assert 0.2 < outcomes.mean() < 0.45
    assert auc(odds, outcomes) > 0.95
    assert (1 / (1 + np.exp(-odds))).mean() == pytest.approx(outcomes.mean(), abs=0.02)


def test_odds_come_from_the_share_of_the_sac_and_from_age(patients, discs, outcomes, odds):
    ages = of_discs(patients, lambda patient: patient.age)
    shares = (odds - 0.16 * (ages - 52)) / 40 + 0.2
    for disc, share in zip(discs, shares, strict=True):
        least = disc.bulge / disc.sac[1]
        most = max(disc.bulge, disc.herniation.depth) / disc.sac[1] if disc.herniation else least
        assert least - 1e-6 < share < most + 1e-6
    assert 0.55 < auc(ages, outcomes) < 0.75
    assert 0.9 < auc(shares, outcomes) < auc(odds, outcomes) - 0.01


def test_sex_has_no_influence(patients, outcomes, odds):
    women = of_discs(patients, lambda patient: patient.sex == "F")
    unexplained = outcomes - 1 / (1 + np.exp(-odds))
    assert 0.3 < women.mean() < 0.7
    assert unexplained[women].mean() == pytest.approx(unexplained[~women].mean(), abs=0.03)


def test_discs_depend_on_the_generator_only(patients):
    spine = patients[0].patient.spine
    first, again, other = (sample_discs(np.random.default_rng(seed), spine, 50.0) for seed in (1, 1, 2))
    assert first == again
    assert first != other
