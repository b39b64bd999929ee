"""From a profile to the acquired slice."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Orientation
from scipy.spatial.transform import Rotation

from msk_monai.errors import UnsuitableImageError
from msk_monai.measure.middle_of_level import LevelMiddle
from msk_monai.records import Status
from msk_monai.transforms import LongestRund, MiddleSliced, RequireHounsfieldd
from msk_monai.transforms.level_target import class_shares
from msk_monai.transforms.longest_run import longest_run
from msk_monai.transforms.middle_slice import _other, acquired_slice

LEVELS = ["T12", "L1", "L2", "L3", "L4", "L5", "S1"]
EDGES = np.array([300.0, 270, 236, 200, 164, 128, 92, 60])


def volume(step=5.0, count=70, start=0.0, **meta):
    affine = np.diag([2.0, 2.0, step, 1.0])
    affine[:3, 3] = (-10, -20, start)
    return MetaTensor(torch.zeros(1, 11, 21, count), affine=affine, meta={"warnings": (), **meta})


def profile(low, high, margin=0):
    heights = np.arange(low, high, 3.0)
    logits = np.log(class_shares(heights, 3.0, EDGES) + 1e-6)
    turns = 2 * np.pi * np.interp(heights, EDGES[::-1], np.arange(len(EDGES)) - 0.5)
    place = np.tile([[0.5], [-0.5]], len(heights))
    shares = np.concatenate([logits, [np.cos(turns), np.sin(turns)], place])
    pad = np.zeros((13, margin))
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


def test_each_level_seen_has_its_middle_in_space():
    found = find()
    points = {one.name: one for one in found.landmarks}
    assert set(points) == {f"{name}_middle" for name in LEVELS}
    heights = {m.name: m.value for m in found.measurements}
    for level in LEVELS:
        point = points[f"{level}_middle"]
        assert point.world_mm[2] == heights[f"{level.lower()}_middle_z"]
        x, y, z = point.world_mm
        affine = volume().affine.numpy()
        np.testing.assert_allclose(affine @ [point.x, point.y, (z - affine[2, 3]) / affine[2, 2], 1], [-x, -y, z, 1], atol=1e-9)


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


def sheared(degrees, count, start):
    """A tilted gantry: slices rise towards the front, and the scan's corners reach beyond what it holds at the spine."""
    affine = np.diag([4.0, 4.0, 5.0, 1.0])
    affine[:3, 3] = (-200, -200, start)
    affine[2, 1] = 4.0 * np.tan(np.radians(degrees))
    affine[2, 3] -= affine[2, 1] * 50  # through the centre at the height of the first slice
    return MetaTensor(torch.zeros(1, 101, 101, count), affine=affine, meta={"warnings": ()})


@pytest.mark.parametrize(("lowest", "given"), [(200.0, False), (185.0, False), (170.0, True), (100.0, True)])
def test_a_tilted_scan_ends_where_it_ends_at_the_spine(lowest, given):
    pred, image = profile(0.0, 350.0)
    image.affine[:2, 3] = -6.0  # 4 voxels of 4 mm about the origin
    pred[-2:] = 0.0
    source = sheared(20, int((345 - lowest) / 5), lowest)
    found = MiddleSliced(levels=LEVELS, level="L3")({"pred": pred, "image": image, "source": source})["findings"]
    assert (found.slice is not None) == given
    if given:
        assert abs(found.slice.position_mm[2] - 182.0) <= 3.0


def test_the_slice_passes_through_the_level_and_not_through_the_spines_average():
    pred, image = profile(0.0, 350.0)
    heights = np.arange(0.0, 350.0, 3.0)
    affine = np.diag([50.0, 50.0, 3.0, 1.0])
    affine[:2, 3] = -75.0
    image = MetaTensor(image.as_tensor(), affine=affine)
    pred[-1] = torch.from_numpy(np.where(np.abs(heights - 182) < 18, 0.6, -0.6))  # L3 lies 60 mm forward, the rest 60 mm backward
    pred[-2] = 0.0
    found = MiddleSliced(levels=LEVELS, level="L3")({"pred": pred, "image": image, "source": sheared(20, 80, -20.0)})["findings"]
    at_level = -20.0 + 5 * found.slice.index + 60 * np.tan(np.radians(20))
    assert at_level == pytest.approx(182, abs=2.6)


def test_other_levels_carry_the_doubt_about_their_names():
    doubted = _other("L4", LevelMiddle(z=None, reason="L4 cannot be told from its neighbours here", probability=0.1))
    assert (doubted.name, doubted.value, doubted.flags) == ("l4_middle_z", None, ("L4 cannot be told from its neighbours here",))
    pred, image = profile(0.0, 350.0)
    step, scan = 12, volume()  # slices of one level
    mixed = [torch.roll(pred[:9].softmax(0), shift, dims=1) for shift in (-2 * step, -step, 0, step, 2 * step)]
    pred[:9] = torch.stack(mixed).mean(0).log()
    found = MiddleSliced(levels=LEVELS, level="L3")({"pred": pred, "image": image, "source": scan})["findings"]
    assert all(m.value is None for m in found.measurements if any("cannot be told" in flag for flag in m.flags))
    assert found.measurements[0].flags[0] != "probability of the level's name 1.00"


def test_a_sliver_is_turned_away():
    thin = MetaTensor(torch.full((1, 20, 20, 3), 400.0), affine=np.diag([2.0, 2.0, 0.8, 1.0]))
    with pytest.raises(UnsuitableImageError, match=r"at least 10 mm along the body, got 2\.4"):
        RequireHounsfieldd(keys="image")({"image": thin})
    broken = torch.full((1, 20, 20, 9), 400.0)
    broken[0, 0, 0, 0] = np.nan
    with pytest.raises(UnsuitableImageError, match="finite"):
        RequireHounsfieldd(keys="image")({"image": MetaTensor(broken, affine=np.diag([2.0, 2.0, 3.0, 1.0]))})


@pytest.mark.parametrize("codes", ["RAS", "LPI", "ASR", "SPL", "IRA"])
def test_the_index_counts_towards_the_head_in_any_orientation(codes):
    turned = Orientation(axcodes=codes, labels=None)(volume())
    found = acquired_slice(turned, (0, 0, 181.0))
    assert found.index == 36
    np.testing.assert_allclose(found.position_mm, (0, 0, 180), atol=1e-6)


def test_the_instance_is_named_where_slices_are_axial():
    uids = tuple(f"1.2.{k}" for k in range(70))
    point = (0, 0, 100.4)
    assert acquired_slice(volume(sop_instance_uids=uids), point).sop_instance_uid == "1.2.20"
    assert acquired_slice(Orientation(axcodes="SAR", labels=None)(volume(sop_instance_uids=uids)), point).sop_instance_uid is None


HEIGHTS = (0.0, 5.0, 10.0, 22.0, 25.0, 30.0, 35.0)  # a gap, and a slice between two planes of the 5 mm grid


@pytest.mark.parametrize("codes", ["RAS", "LPI"])
@pytest.mark.parametrize(
    ("z", "index", "uid"), [(-9.0, 0, "0.0"), (15.9, 2, "10.0"), (17.0, 3, "22.0"), (23.8, 4, "25.0"), (99.0, 6, "35.0")]
)
def test_where_planes_were_interpolated_the_nearest_acquired_slice_counts(codes, z, index, uid):
    planes = np.arange(0, 36, 5.0)
    nearest = tuple(str(HEIGHTS[np.abs(np.array(HEIGHTS) - plane).argmin()]) for plane in planes)
    source = volume(count=8, interpolated=True, slice_positions_lps=np.array([[10.0, 20.0, h] for h in HEIGHTS]), sop_instance_uids=nearest)
    if codes == "LPI":
        source = Orientation(axcodes=codes, labels=None)(source)
        source.meta["sop_instance_uids"] = nearest[::-1]
        source.meta["slice_positions_lps"] = source.meta["slice_positions_lps"][::-1]
    found = acquired_slice(source, (0, 0, z))
    assert (found.index, found.position_mm[2]) == (index, pytest.approx(HEIGHTS[index]))
    assert found.sop_instance_uid == uid


def test_an_instance_that_no_plane_stands_for_is_not_guessed():
    positions = np.array([[0.0, 0.0, h] for h in (0.0, 5.0, 7.0, 10.0, 20.0)])
    source = volume(count=5, interpolated=True, slice_positions_lps=positions, sop_instance_uids=("0", "5", "10", "10", "20"))
    found = acquired_slice(source, (0, 0, 7.2))
    assert (found.index, found.position_mm[2], found.sop_instance_uid) == (2, pytest.approx(7.0), None)


@pytest.mark.parametrize("tilt", [-24.0, 17.0])
def test_a_tilted_gantry_counts_at_the_spine(tilt):
    """Planes are tilted about the left-right axis while the table moves along z; the spine stands 70 mm behind the centre."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("x", tilt, degrees=True).as_matrix() @ np.diag([2.0, 2.0, 1.0])
    affine[:3, 2] = (0, 0, 5.0)
    spine = np.array([0.0, -70.0, 0.0])  # RAS
    source = MetaTensor(torch.zeros(1, 101, 101, 70), affine=affine, meta={})
    centre = affine[:3, :3] @ (50, 50, 0)
    at = centre + spine + (0, 0, 180.0)
    found = acquired_slice(source, (-at[0], -at[1], at[2]))
    expected = round((180.0 - (-70.0 * np.tan(np.radians(tilt)))) / 5)
    assert found.index == expected
    assert abs(expected - 36) >= 4  # at the image's centre it would have been another vertebra's
    np.testing.assert_allclose(found.position_mm, (-centre[0], -centre[1], centre[2] + 5 * expected), atol=1e-6)


def test_oblique_slices():
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", (12, -8, 5), degrees=True).as_matrix() @ np.diag([2.0, 2.0, 3.0])
    point = affine[:3, :3] @ (3, 40, 21.2)
    assert acquired_slice(MetaTensor(torch.zeros(1, 60, 60, 40), affine=affine, meta={}), point * (-1, -1, 1)).index == 21


def test_label_maps_are_turned_away():
    with pytest.raises(UnsuitableImageError, match=r"expected CT in HU, got values 0 to 33 \(a label map\?\)"):
        RequireHounsfieldd(keys="source")({"source": torch.linspace(0, 33, 1000).reshape(1, 10, 10, 10)})
    with pytest.raises(UnsuitableImageError, match="expected a volume"):
        RequireHounsfieldd(keys="source")({"source": torch.zeros(1, 3, 3)})


def test_the_reference_takes_the_longest_run():
    assert longest_run(np.array([1, 0, 1, 1, 1, 0, 1, 1], dtype=bool)) == (2, 4)
    assert longest_run(np.zeros(5, dtype=bool)) is None
    _, image = profile(0.0, 300.0)
    positive = np.zeros(100)
    positive[40:51] = 1
    data = {"pred": torch.from_numpy(np.stack([1 - positive, positive])), "image": image, "source": volume()}
    assert LongestRund(level="L3")(data)["findings"].slice.position_mm[2] == 135.0
    (level,) = LongestRund(level="L3")(data)["level_ranges"]
    assert (level.bottom, level.top) == (118.5, 151.5)
    data["pred"] = torch.zeros(2, 100)
    assert LongestRund(level="L3")(data)["findings"].status is Status.FLAGGED
