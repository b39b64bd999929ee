from dataclasses import replace

import numpy as np
import pytest

from msk_monai.phantoms.field_of_view import REGIONS, sample_field_of_view
from msk_monai.phantoms.truth import scan_truth


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("seed", range(4))
def test_the_usual_regions_hold_l3(patient, recipe, region, seed):
    grid = sample_field_of_view(np.random.default_rng(seed), patient, recipe, region=region, thickness=5.0)
    assert scan_truth(patient, grid)["L3"].extent == "complete"
    assert grid.shape[1:] == (recipe.matrix, recipe.matrix)
    assert grid.slice_thickness >= 5.0 or grid.spacing[2] <= 6.0


@pytest.mark.parametrize("region", ["above_l3", "below_l3"])
@pytest.mark.parametrize("seed", range(6))
def test_cut_off_regions_lack_the_middle_of_l3(patient, recipe, region, seed):
    grid = sample_field_of_view(np.random.default_rng(seed), patient, recipe, region=region, thickness=3.0)
    assert not scan_truth(patient, grid).l3_in_scan


def test_lumbar_reconstructions_are_narrow(patient, recipe):
    grid = sample_field_of_view(np.random.default_rng(0), patient, recipe, region="lumbar")
    assert 120 <= grid.spacing[0] * grid.shape[2] <= 220


def test_the_share_of_scans_without_l3_follows_the_recipe(patient, recipe):
    rng = np.random.default_rng(1)
    never, always = (
        [scan_truth(patient, sample_field_of_view(rng, patient, replace(recipe, missing_l3_share=s))).l3_in_scan for _ in range(20)]
        for s in (0.0, 1.0)
    )
    assert all(never)
    assert not any(always)


def test_the_number_of_slices_is_bounded(patient, recipe):
    few = replace(recipe, most_slices=50)
    grid = sample_field_of_view(np.random.default_rng(2), patient, few, region="torso", thickness=0.6)
    assert grid.shape[0] <= 50
