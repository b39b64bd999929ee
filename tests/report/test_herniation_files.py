import csv
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from PIL import Image

from msk_monai.measure.disc_levels import Crossing
from msk_monai.records import Findings, Measurement, Status
from msk_monai.report import HerniationOverlay, SliceTable
from msk_monai.report.herniation_files import _SIDE
from msk_monai.report.picture import ANSWER, LABELS


def film(uid="1.2", z=30.0):
    affine = torch.eye(4, dtype=torch.float64)
    affine[2, 3] = z
    return MetaTensor(torch.rand(1, 8, 8), affine=affine, meta={"sop_instance_uid": uid})


def seen(crossing=None, logit=None, *, uid="1.2", z=30.0, saliency=None):
    parts = np.zeros((48, 48), dtype=np.uint8)
    parts[10:38, 5:30], parts[16:30, 10:20], parts[20:30, 35:45] = 1, 2, 3
    return SimpleNamespace(film=film(uid, z), crossing=crossing, logit=logit, close=parts / 6.0, parts=parts, saliency=saliency)


def level(name, probability, **more):
    return SimpleNamespace(level=name, probability=probability, slice=seen(Crossing(name, name, 0.1, 2.0, None), 0.5, **more))


def case(*levels, herniated=(), status=Status.OK, reason=None):
    rows = tuple(
        Measurement(
            name=f"{one.level.lower().replace('-', '_')}_herniation_probability",
            value=one.probability,
            unit="1",
            flags=("herniation",) if one.level in herniated else (),
        )
        for one in levels
    )
    return {"levels": list(levels), "findings": Findings(status=status, reason=reason, measurements=rows)}


def draw(data, folder):
    files = HerniationOverlay()(data, folder=folder, name="case_one")
    assert files == {"overlay": folder / "overlays" / "case_one.png"}
    with Image.open(files["overlay"]) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def of_colour(picture, colour):
    return int((picture == np.asarray(colour)).all(axis=2).sum())


@pytest.mark.parametrize("count", [1, 3, 5])
def test_every_disc_has_its_picture(tmp_path, count):
    picture = draw(case(*(level(f"L{k}-L{k + 1}", 0.1 * k) for k in range(1, count + 1))), tmp_path)
    assert picture.shape[0] > _SIDE
    assert count * _SIDE <= picture.shape[1] < count * _SIDE + 200
    for colour in (LABELS[0], LABELS[3], LABELS[1]):
        assert of_colour(picture, colour) >= 50 * count


def test_a_herniation_is_written_in_its_own_colour(tmp_path):
    data = case(level("L4-L5", 0.9), level("L5-S1", 0.1), herniated=("L4-L5",))
    told, plain = draw(data, tmp_path), draw(case(*data["levels"]), tmp_path)
    half = told.shape[1] // 2  # outlines have the same colour
    assert of_colour(told[:, :half], ANSWER) > of_colour(plain[:, :half], ANSWER) + 20
    assert of_colour(told[:, half:], ANSWER) == of_colour(plain[:, half:], ANSWER)


def test_what_made_it_so_is_tinted_where_it_is(tmp_path):
    saliency = np.full((48, 48), -0.5)
    saliency[40:46, 2:4] = 2.0
    yes = {"herniated": ("L4-L5",)}
    plain, tinted = (draw(case(level("L4-L5", 0.9, saliency=one), **yes), tmp_path) for one in (None, saliency))
    changed = np.abs(plain - tinted).sum(axis=2) > 30
    columns = np.nonzero(changed.any(axis=0))[0]
    assert changed.any()
    assert 38 * _SIDE / 48 <= columns.min() <= columns.max() <= 48 * _SIDE / 48
    np.testing.assert_array_equal(plain, draw(case(level("L4-L5", 0.9, saliency=np.zeros((48, 48))), **yes), tmp_path))
    no = [draw(case(level("L4-L5", 0.1, saliency=one)), tmp_path) for one in (None, saliency)]
    np.testing.assert_array_equal(*no)  # what is no herniation has nothing that made it so


def test_a_study_without_levels_says_why(tmp_path):
    picture = draw(case(status=Status.FLAGGED, reason="the levels of the axial slices are not known"), tmp_path)
    assert picture.shape[1] >= 2 * _SIDE
    assert (np.abs(picture - ANSWER).sum(axis=2) <= 16).sum() > 10


def test_the_table_tells_what_became_of_every_slice(tmp_path):
    slices = [
        seen(Crossing("L4-L5", "L4-L5", -0.1234, 3.21, None), 1.23456, uid="1.1", z=-12.345),
        seen(Crossing("L4-L5", "L4-L5", 0.9, 3.0, None), uid="1.2"),
        seen(Crossing("T12-L1", "T12-L1", 0.0, 3.0, None), uid="1.3"),
        seen(Crossing(None, "L5-S1", 1.5, 4.0, "it crosses no disc: it lies 2.5 mm above L5-S1"), uid="1.4"),
        seen(None, uid="1.5"),
    ]
    files = SliceTable()({"pred": SimpleNamespace(slices=slices)}, folder=tmp_path, name="case_one")
    assert files == {"slices": tmp_path / "slices" / "case_one.csv"}
    with files["slices"].open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["sop_instance_uid", "z_mm", "level", "nearest", "offset", "tilt_deg", "logit", "reason"]
    assert rows == [
        ["1.1", "-12.35", "L4-L5", "L4-L5", "-0.123", "3.2", "1.235", ""],
        ["1.2", "30.00", "L4-L5", "L4-L5", "0.900", "3.0", "", "other slices lie nearer to the disc's middle"],
        ["1.3", "30.00", "T12-L1", "T12-L1", "0.000", "3.0", "", "this disc is not graded"],
        ["1.4", "30.00", "", "L5-S1", "1.500", "4.0", "", "it crosses no disc: it lies 2.5 mm above L5-S1"],
        ["1.5", "30.00", "", "", "", "", "", "its level is not known"],
    ]
