from dataclasses import replace

import numpy as np

from msk_monai.phantoms.canvas import Grid
from msk_monai.phantoms.ct import render_ct


def test_screws_are_metal_in_the_named_vertebra_only(patient):
    fixed = replace(patient, devices=replace(patient.devices, screws=("L4", "L3"), cages=(), cement=(), objects=0))
    third, first = patient.spine["L3"].centre[2], patient.spine["L1"].centre[2]
    grid = Grid((-60.0, -60.0, third - 6), (2.0, 2.0, 2.0), (8, 70, 60))
    assert render_ct(patient, grid).hu.max() < 2500
    seen = render_ct(fixed, grid)
    assert seen.hu.max() > 4000
    assert "L3: pedicle screws" in seen.truth.findings
    assert render_ct(fixed, replace(grid, origin=(-60.0, -60.0, first - 2))).hu.max() < 2500


def test_cement_fills_its_vertebra(patient):
    filled = replace(patient, devices=replace(patient.devices, cement=("L2",)))
    x, y, z = patient.spine["L2"].centre
    grid = Grid((x - 20, y - 14, z - 3), (2.0, 2.0, 2.0), (4, 12, 20))
    assert render_ct(filled, grid).hu.max() > 1500 > render_ct(patient, grid).hu.max()


def test_the_couch_lies_behind_the_back(patient):
    grid = Grid((-100.0, -300.0, 90.0), (4.0, 4.0, 4.0), (2, 120, 50))
    bare, lying = (
        render_ct(replace(patient, devices=replace(patient.devices, table=t, table_hu=300.0, objects=0)), grid).hu for t in ("none", "flat")
    )
    rows = np.flatnonzero((bare != lying).any((0, 2)))
    body = np.flatnonzero((bare > -500).any((0, 2)))
    assert len(rows)
    assert rows[0] >= body[-1] - 1


def test_a_prosthesis_replaces_the_hip_on_its_side(patient):
    operated = replace(patient, pelvis=replace(patient.pelvis, prosthesis=(1,)))
    hip = patient.pelvis.hip
    grid = Grid((-140.0, hip[1] - 10, hip[2] - 10), (4.0, 4.0, 4.0), (5, 6, 71))
    hu = render_ct(operated, grid).hu
    assert hu[:, :, 36:].max() > 5000
    assert hu[:, :, :35].max() < 2500
