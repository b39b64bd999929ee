from dataclasses import replace

import numpy as np
import pytest

from msk_monai.phantoms.canvas import Grid
from msk_monai.phantoms.ct import render_ct
from msk_monai.phantoms.patient import sample_patient
from msk_monai.phantoms.spine import LABELS

LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5")


def z_of(mask, grid):
    planes = np.flatnonzero(mask.any((1, 2)))
    return grid.origin[2] + planes[0] * grid.spacing[2], grid.origin[2] + planes[-1] * grid.spacing[2]


@pytest.mark.parametrize("level", [*LEVELS, "S1"])
def test_body_voxels_span_the_true_z_range(volume, level):
    low, high = z_of(volume.bodies == LABELS[level], volume.grid)
    truth = volume.truth[level].z_range_mm
    assert low == pytest.approx(truth[0], abs=2.0)
    assert high == pytest.approx(truth[1], abs=2.0)


def test_levels_follow_one_another_from_the_head_down(volume):
    middles = [b.middle_mm for b in volume.truth.bodies]
    assert middles == sorted(middles, reverse=True)
    assert [b.name for b in volume.truth.bodies][-6:] == ["L1", "L2", "L3", "L4", "L5", "S1"]


def test_the_middle_slice_of_l3_is_the_middle_of_its_body(volume):
    planes = np.flatnonzero((volume.bodies == LABELS["L3"]).any((1, 2)))
    assert abs((planes[0] + planes[-1]) / 2 - volume.truth.l3_middle_slice) <= 1
    assert volume.truth.l3_in_scan


def test_bodies_lie_inside_their_vertebrae(volume):
    for level in LEVELS:
        body = volume.bodies == LABELS[level]
        assert (volume.labels[body] == LABELS[level]).mean() > 0.97
        assert (volume.labels == LABELS[level]).sum() > 1.3 * body.sum()


def test_hounsfield_units_are_those_of_the_tissues(volume, patient):
    body = np.asarray(patient.spine["L3"].centre)
    column, row, plane = ((body - volume.grid.origin) / volume.grid.spacing).round().astype(int)
    spongy = volume.hu[plane - 2 : plane + 3, row - 3 : row + 3, column - 4 : column + 4]
    assert spongy.mean() == pytest.approx(patient.spine["L3"].trabecular_hu, abs=25)
    disc = next(d for d in patient.spine.discs if d.below == "L2")
    column, row, plane = ((np.asarray(disc.centre) - volume.grid.origin) / volume.grid.spacing).round().astype(int)
    assert volume.hu[plane, row, column] == pytest.approx(disc.hu, abs=15)
    assert volume.hu[volume.labels > 0].max() > 300


def test_two_grids_show_the_same_patient(patient, volume):
    coarse = render_ct(patient, Grid((-89.0, -89.0, -59.0), (4.0, 4.0, 4.0), (90, 52, 45)))
    pooled = volume.hu[:180, :104, :90].reshape(90, 2, 52, 2, 45, 2).mean((1, 3, 5))
    difference = coarse.hu - pooled
    assert abs(difference.mean()) < 6
    assert np.corrcoef(coarse.hu.ravel(), pooled.ravel())[0, 1] > 0.97
    assert coarse.truth["L3"].z_range_mm == volume.truth["L3"].z_range_mm


def test_rendering_is_deterministic(patient):
    grid = Grid((-60.0, -60.0, 60.0), (4.0, 4.0, 4.0), (12, 30, 30))
    np.testing.assert_array_equal(render_ct(patient, grid).hu, render_ct(patient, grid).hu)


def test_thick_slices_average_over_their_thickness(patient):
    thin = render_ct(patient, Grid((-60.0, -80.0, 70.0), (3.0, 3.0, 1.0), (60, 40, 40)))
    thick = render_ct(patient, Grid((-60.0, -80.0, 74.5), (3.0, 3.0, 10.0), (6, 40, 40), 10.0))
    mean = thin.hu.reshape(6, 10, 40, 40).mean(1)
    assert thick.hu.mean() == pytest.approx(mean.mean(), abs=4)
    assert np.abs(thick.hu - mean).mean() < 15


@pytest.mark.parametrize(
    ("start", "planes", "extent", "inside"),
    [("above", 30, "outside", False), ("cut_below_middle", 60, "partial", True), ("cut_above_middle", 60, "partial", False)],
)
def test_cut_off_scans_are_flagged(patient, volume, start, planes, extent, inside):
    low, high = volume.truth["L3"].z_range_mm
    origin = {"above": high + 8, "cut_below_middle": low + 4, "cut_above_middle": high - 4}[start]
    scan = render_ct(patient, Grid((-40.0, -60.0, origin), (8.0, 8.0, 3.0), (planes, 12, 10)))
    assert scan.truth["L3"].extent == extent
    assert scan.truth.l3_in_scan is inside
    assert (scan.truth.l3_middle_slice is not None) is inside


@pytest.mark.parametrize(("count", "last"), [(4, "L4"), (6, "L6")])
def test_other_numbers_of_lumbar_vertebrae_reach_the_labels(recipe, count, last):
    shares = tuple(float(count == c) for c in (4, 5, 6))
    unusual = sample_patient(np.random.default_rng(3), replace(recipe, lumbar_count_shares=shares))
    scan = render_ct(unusual, Grid((-60.0, -70.0, -40.0), (4.0, 4.0, 3.0), (110, 40, 30)))
    names = [b.name for b in scan.truth.bodies]
    assert names[-2:] == [last, "S1"]
    assert (scan.bodies == LABELS[last]).any()
    assert f"{count} lumbar vertebrae" in scan.truth.findings


def test_a_grid_without_extent_is_refused():
    with pytest.raises(ValueError, match="spacing and shape must be positive"):
        Grid((0, 0, 0), (1, 1, 0), (3, 3, 3))
