from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from msk_monai.measure.axial_disc import AxialDisc
from msk_monai.measure.disc_levels import Crossing
from msk_monai.records import Status
from msk_monai.transforms import HerniationFindingsd

SIZES = ("annulus_mean", "annulus_sd", "annulus_minimum", "posterior_thickness", "canal_width", "nucleus_share", "disc_area")
WHOLE = AxialDisc(
    annulus_mean=6.0, annulus_sd=1.0, annulus_minimum=4.0, nucleus_share=0.4, posterior_thickness=5.0, canal_width=14.0,
    disc_area=1500.0, depth=35.0, width=50.0,
)  # fmt: skip


@dataclass(frozen=True)
class One:
    crossing: Crossing | None
    logit: float | None = None
    sizes: AxialDisc | None = WHOLE
    warnings: tuple[str, ...] = field(default=())
    certainty: float | None = 1.0


def at(level, offset=0.0, *, tilt=0.0, **more):
    return One(Crossing(level, level or "L4-L5", offset, tilt, None if level else "it crosses no disc"), **more)


def run(*slices, doubt=None, **options):
    films = [MetaTensor(torch.zeros(1, 2, 2), meta={"warnings": one.warnings}) for one in slices]
    return HerniationFindingsd(**options)({"slices": films, "pred": SimpleNamespace(slices=slices, doubt=doubt)})


def values(findings):
    return {m.name: m.value for m in findings.measurements}


def test_each_disc_has_a_probability_and_its_sizes_from_the_top_down():
    out = run(at("L5-S1", logit=2.0), at("L1-L2", logit=-1.0), at("L4-L5", logit=0.3))
    findings = out["findings"]
    assert (findings.status, findings.reason) == (Status.OK, None)
    levels = ("l1_l2", "l4_l5", "l5_s1")
    assert [m.name for m in findings.measurements] == [f"{level}_{what}" for level in levels for what in ("herniation_probability", *SIZES)]
    assert [m.unit for m in findings.measurements[:8]] == ["1", *["mm"] * 5, "1", "mm2"]
    found = values(findings)
    assert found["l5_s1_herniation_probability"] == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert found["l1_l2_canal_width"] == 14.0
    assert [level.level for level in out["levels"]] == ["L1-L2", "L4-L5", "L5-S1"]


def test_the_probability_is_of_the_mean_logit_calibrated():
    slices = [at("L4-L5", place, logit=logit) for place, logit in ((-0.5, 1.0), (0.1, 2.0), (0.7, 6.0))]
    found = values(run(*slices, temperature=2.0, bias=-0.4)["findings"])
    assert found["l4_l5_herniation_probability"] == pytest.approx(1 / (1 + np.exp(-(3.0 / 2.0 - 0.4))))


@pytest.mark.parametrize(("threshold", "herniated"), [(0.4, True), (0.5, True), (0.51, False)])
def test_from_the_threshold_on_a_disc_is_said_to_be_herniated(threshold, herniated):
    first = run(at("L4-L5", logit=0.0), threshold=threshold)["findings"].measurements[0]
    assert ("herniation" in first.flags) == herniated
    assert first.method.startswith(f"not calibrated; threshold {threshold:g}")


def test_what_is_scaled_is_called_calibrated_and_how_discs_are_counted_is_said():
    first = run(at("L4-L5", logit=0.0), temperature=0.9)["findings"].measurements[0]
    assert first.method == "calibrated; threshold 0.5; discs are counted from the lowest, taken to be L5-S1"


def test_doubtful_levels_are_flagged_and_keep_their_numbers():
    findings = run(at("L4-L5", logit=0.0), doubt="the sagittal T2 series shows only 3 discs")["findings"]
    assert (findings.status, findings.reason) == (Status.FLAGGED, "the levels are in doubt: the sagittal T2 series shows only 3 discs")
    assert values(findings)["l4_l5_canal_width"] == 14.0


def test_the_slice_nearest_to_the_discs_middle_is_measured_and_drawn():
    near = at("L4-L5", -0.2, logit=0.0, sizes=AxialDisc(**{**WHOLE.__dict__, "canal_width": 9.0}))
    out = run(at("L4-L5", 0.8, logit=0.0), near, at("L4-L5", 0.0, sizes=None), at("L4-L5", -0.7, logit=0.0))
    assert values(out["findings"])["l4_l5_canal_width"] == 9.0
    assert out["levels"][0].slice is near


def test_what_was_not_seen_is_told():
    blind = AxialDisc(None, None, None, None, None, None, 1000.0, None, None)
    rows = {m.name: m for m in run(at("L4-L5", logit=0.0, sizes=blind), at("L3-L4", logit=0.0, sizes=None))["findings"].measurements}
    assert rows["l4_l5_canal_width"].flags == rows["l3_l4_canal_width"].flags == ("the canal is not seen",)
    assert rows["l4_l5_annulus_mean"].flags == ("the nucleus is not seen",)
    assert (rows["l4_l5_disc_area"].value, rows["l4_l5_disc_area"].flags) == (1000.0, ())
    assert rows["l3_l4_disc_area"].value is None
    assert rows["l3_l4_herniation_probability"].value == 0.5


@pytest.mark.parametrize(("tilt", "told"), [(11.9, False), (12.4, True), (30.0, True)])
def test_an_oblique_cut_has_no_sizes(tilt, told):
    first, *rest = run(at("L4-L5", tilt=tilt, logit=0.0))["findings"].measurements
    assert first.flags == ("herniation",)
    assert all((f"the slice is tilted by {tilt:.0f} degrees against the disc" in m.flags) == told for m in rest)
    assert all((m.value is None) == told for m in rest)


def test_without_levels_there_are_no_numbers():
    findings = run(One(None), One(None), doubt="the study has no sagittal T2 series")["findings"]
    assert findings.status is Status.FLAGGED
    assert "no sagittal T2 series" in findings.reason
    assert findings.measurements == ()
    none = run(at(None, 2.0), at("T12-L1"))
    assert none["findings"].reason == "no axial slice crosses a disc from L1-L2 to L5-S1"
    assert none["levels"] == []


def test_what_the_reader_warned_of_is_told_once_with_every_number():
    slices = [at("L4-L5", 0.1 * k, logit=-5.0, warnings=warnings) for k, warnings in enumerate([("old",), ("old", "torn"), ()])]
    findings = run(*slices)["findings"]
    assert all(m.flags == ("old", "torn") for m in findings.measurements)


@pytest.mark.parametrize(("offset", "certainty", "left"), [(0.5, 0.9, SIZES), (-0.6, 1.0, ("canal_width",))])
def test_away_from_the_discs_middle_its_sizes_are_withheld(offset, certainty, left):
    _, *rows = run(at("L4-L5", offset, logit=0.0, certainty=certainty))["findings"].measurements
    assert tuple(m.name.removeprefix("l4_l5_") for m in rows if m.value is not None) == left
    assert all(m.flags == ("the slice passes the disc away from its middle",) for m in rows if m.value is None)


@pytest.mark.parametrize("certainty", [None, 0.89])
def test_of_a_nucleus_that_is_not_told_clearly_there_are_no_sizes(certainty):
    _, *rows = run(at("L4-L5", logit=0.0, certainty=certainty))["findings"].measurements
    assert {m.name for m in rows if m.value is not None} == {"l4_l5_canal_width", "l4_l5_disc_area"}
    assert all(m.flags == ("the nucleus is not told clearly from the annulus",) for m in rows if m.value is None)
