"""From a profile to the acquired slice."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Orientation

from msk_monai.errors import UnsuitableImageError
from msk_monai.records import Status
from msk_monai.transforms import LongestRund, MiddleSliced, RequireHounsfieldd
from msk_monai.transforms.level_target import class_shares
from msk_monai.transforms.longest_run import longest_run
from msk_monai.transforms.middle_slice import acquired_slice

LEVELS = ["T12", "L1", "L2", "L3", "L4", "L5", "S1"]
EDGES = np.array([300.0, 270, 236, 200, 164, 128, 92, 60])


def volume(step=5.0, count=70, start=0.0, **meta):
    affine = np.diag([2.0, 2.0, step, 1.0])
    affine[:3, 3] = (-10, -20, start)
    return MetaTensor(torch.zeros(1, 11, 21, count), affine=affine, meta={"warnings": (), **meta})


def profile(low, high, margin=0):
    heights = np.arange(low, high, 3.0)
    shares = class_shares(heights, 3.0, EDGES)
    pad = np.full((9, margin), 1 / 9, dtype=np.float32)
    affine = np.diag([4.0, 4.0, 3.0, 1.0])
    affine[2, 3] = low - 3.0 * margin
    pred = np.concatenate([pad, shares, pad], axis=1)
    return torch.from_numpy(pred), MetaTensor(torch.zeros(5, 4, 4, pred.shape[1]), affine=affine)


def find(low=0.0, high=350.0, margin=0, **kwargs):
    pred, image = profile(low, high, margin)
    return MiddleSliced(levels=LEVELS, level="L3", margin=margin, **kwargs)({"pred": pred, "image": image, "source": volume()})["findings"]


def test_the_middle_slice():
    found = find()
    assert found.status is Status.OK
    assert found.measurements[0].name == "l3_middle_z"
    assert found.measurements[0].value == pytest.approx(182, abs=0.5)
    assert (found.slice.index, found.slice.position_mm) == (36, (0.0, 0.0, 180.0))
    assert {m.name for m in found.measurements} == {f"{n.lower()}_middle_z" for n in LEVELS}


def test_empty_slices_around_the_scan_do_not_count():
    assert find(margin=6).measurements[0].value == pytest.approx(find().measurements[0].value, abs=1e-6)


def test_the_interval_comes_with_its_level():
    third = find(interval_mm=4.0, confidence_level=0.95).measurements[0]
    assert (third.upper - third.value, third.value - third.lower, third.confidence_level) == (pytest.approx(4), pytest.approx(4), 0.95)


def test_l3_outside():
    found = find(low=210.0)
    assert (found.status, found.slice) == (Status.FLAGGED, None)
    assert "L3 is not in this scan" in found.reason
    assert found.measurements[0].value is None


@pytest.mark.parametrize("codes", ["RAS", "LPI", "ASR", "SPL", "IRA"])
def test_the_index_counts_towards_the_head_in_any_orientation(codes):
    turned = Orientation(axcodes=codes, labels=None)(volume())
    found = acquired_slice(turned, 181.0)
    assert found.index == 36
    np.testing.assert_allclose(found.position_mm, (0, 0, 180), atol=1e-6)


def test_the_instance_is_named_where_slices_are_axial():
    uids = tuple(f"1.2.{k}" for k in range(70))
    assert acquired_slice(volume(sop_instance_uids=uids), 100.4).sop_instance_uid == "1.2.20"
    assert acquired_slice(Orientation(axcodes="SAR", labels=None)(volume(sop_instance_uids=uids)), 100.4).sop_instance_uid is None


def test_interpolated_planes_count_as_the_acquired_one_nearest():
    acquired = np.array([[10.0, 20.0, z] for z in (0, 5, 10, 25, 30, 35)])
    found = acquired_slice(volume(count=8, interpolated=True, slice_positions_lps=acquired), 21.0)
    assert (found.index, found.position_mm[2]) == (3, 25.0)


def test_label_maps_are_turned_away():
    with pytest.raises(UnsuitableImageError, match=r"expected CT in HU, got values 0 to 33 \(a label map\?\)"):
        RequireHounsfieldd(keys="source")({"source": torch.linspace(0, 33, 27).reshape(1, 3, 3, 3)})
    with pytest.raises(UnsuitableImageError, match="expected a volume"):
        RequireHounsfieldd(keys="source")({"source": torch.zeros(1, 3, 3)})
    with pytest.raises(UnsuitableImageError, match="expected CT in HU"):
        RequireHounsfieldd(keys="source")({"source": torch.full((1, 3, 3, 3), float("nan"))})


def test_the_reference_takes_the_longest_run():
    assert longest_run(np.array([1, 0, 1, 1, 1, 0, 1, 1], dtype=bool)) == (2, 4)
    assert longest_run(np.zeros(5, dtype=bool)) is None
    _, image = profile(0.0, 300.0)
    positive = np.zeros(100)
    positive[40:51] = 1
    data = {"pred": torch.from_numpy(np.stack([1 - positive, positive])), "image": image, "source": volume()}
    assert LongestRund(level="L3")(data)["findings"].slice.position_mm[2] == 135.0
    data["pred"] = torch.zeros(2, 100)
    assert LongestRund(level="L3")(data)["findings"].status is Status.FLAGGED
