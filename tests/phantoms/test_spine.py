from dataclasses import replace

import numpy as np
import pytest

from msk_monai.phantoms.patient import sample_patient
from msk_monai.phantoms.recipe import load_recipe
from msk_monai.phantoms.spine import LABELS, lumbar_names
from msk_monai.phantoms.spine_sampling import sample_spine


def spine_of(seed: int, **changes):
    recipe = replace(load_recipe(), **changes)
    return sample_spine(np.random.default_rng(seed), recipe, scale=1.0, trabecular_hu=150)


@pytest.mark.parametrize(
    ("count", "names"), [(4, ("L4", "L3", "L2", "L1")), (5, ("L5", "L4", "L3", "L2", "L1")), (6, ("L6", "L5", "L4", "L3", "L2", "L1"))]
)
def test_the_extra_lumbar_vertebra_is_l6_and_the_missing_one_l5(count, names):
    shares = tuple(float(count == c) for c in (4, 5, 6))
    spine = spine_of(1, lumbar_count_shares=shares)
    assert lumbar_names(count) == names
    assert tuple(v.name for v in spine.vertebrae if v.is_lumbar) == names
    assert spine.vertebrae[count].name == "T12"


@pytest.mark.parametrize("seed", range(8))
def test_vertebrae_follow_one_another_towards_the_head(seed):
    z = [v.centre[2] for v in spine_of(seed).vertebrae]
    assert np.all(np.diff(z) > 8)


def test_published_means_are_kept_on_average():
    thirds = [spine_of(seed, fracture_share=0.0)["L3"] for seed in range(60)]
    assert np.mean([v.width for v in thirds]) == pytest.approx(46, abs=1.5)
    assert np.mean([v.height for v in thirds]) == pytest.approx(28.2, abs=1.0)


def test_scoliosis_reaches_its_cobb_angle():
    spine = spine_of(3, scoliosis_share=1.0, cobb_range=(40, 40))
    tilts = [v.turn[1] for v in spine.vertebrae]
    assert spine.cobb == pytest.approx(40)
    assert np.ptp(tilts) == pytest.approx(40, abs=6)


def test_a_fracture_lowers_the_body_and_is_named():
    spine = spine_of(2, fracture_share=1.0)
    broken = [v for v in spine.vertebrae if v.finding]
    assert broken
    assert all(min(v.heights) < 0.9 for v in broken)


def test_label_values_are_those_of_verse():
    assert (LABELS["T1"], LABELS["T12"], LABELS["L1"], LABELS["L6"], LABELS["S1"]) == (8, 19, 20, 25, 26)


def test_the_same_seed_gives_the_same_patient():
    recipe = load_recipe()
    first, again, other = (sample_patient(np.random.default_rng(s), recipe) for s in (7, 7, 8))
    assert first == again
    assert first != other


def test_an_unknown_level_is_refused():
    with pytest.raises(KeyError, match="L7"):
        spine_of(1)["L7"]
