"""The picture of the levels."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from PIL import Image

from msk_monai.measure.level_profile import LevelRange
from msk_monai.records import Findings, SliceLocation, Status
from msk_monai.report import LevelOverlay
from msk_monai.report.level_overlay import ANSWER, HEIGHT


def data(found=True, tilt=0.0):
    volume = torch.full((1, 60, 60, 40), -1000.0)
    volume[:, 10:50, 10:50] = 40.0
    volume[:, 26:34, 14:22] = 600.0
    affine = np.diag([4.0, 4.0, 5.0, 1.0])
    affine[:3, 3] = (-118, -118, 0)
    affine[2, 1] = tilt * affine[1, 1]  # planes rise by so much a mm towards the front
    source = MetaTensor(volume, affine=affine)
    ranges = [
        LevelRange(name=n, top=t, bottom=t - 34, middle=t - 17, top_seen=True, bottom_seen=True, probability=1.0)
        for n, t in (("L2", 150), ("L3", 116))
    ]
    where = SliceLocation(index=20, position_mm=(0.0, 0.0, 100.0)) if found else None
    findings = Findings(slice=where) if found else Findings(status=Status.FLAGGED, reason="L3 is not in this scan")
    return {"source": source, "spine": (-2.0, 46.0), "level_ranges": ranges, "findings": findings}


def test_three_views_and_the_answer_in_its_place(tmp_path):
    files = LevelOverlay(level="L3")(data(), folder=tmp_path, name="case_one")
    assert files == {"overlay": tmp_path / "overlays" / "case_one.png"}
    with Image.open(files["overlay"]) as opened:
        picture = np.asarray(opened.convert("RGB")).astype(int)
    rows = np.flatnonzero((picture == ANSWER).all(axis=2).sum(axis=1) > 300)
    expected = HEIGHT - 100.0 / 196.0 * HEIGHT
    assert np.abs(rows - expected).min() <= 6


def test_a_tilted_slice_is_drawn_where_it_meets_the_spine(tmp_path):
    case = data(tilt=0.5)
    files = LevelOverlay(level="L3")(case, folder=tmp_path, name="tilted")
    with Image.open(files["overlay"]) as opened:
        picture = np.asarray(opened.convert("RGB")).astype(int)
    (row, *_) = np.flatnonzero((picture == ANSWER).all(axis=2).sum(axis=1) > 300)
    low, height = 0.0, 195.0 + 0.5 * 59 * 4 + 1
    assert row == pytest.approx(HEIGHT - (100.0 - 0.5 * 46 - low) / height * HEIGHT, abs=6)


def test_without_an_answer_there_are_two_views(tmp_path):
    widths = {}
    for found in (False, True):
        files = LevelOverlay(level="L3")(data(found=found), folder=tmp_path, name=f"found_{found}")
        with Image.open(files["overlay"]) as picture:
            widths[found] = picture.width
    assert widths[False] < widths[True]
