from itertools import product

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry import apply_affine, flip_lps_ras
from msk_monai.measure.axial_disc import canal_front
from msk_monai.measure.patient_data import patient_vector
from msk_monai.transforms import AxialBlocksd, CropShared, PatientVectord, RandAxialViewd, RandCanalWidthd
from msk_monai.transforms.axial_views import axial_slices
from tests.transforms.stacks import anatomy, placed, stored

VALUES = anatomy(30, 24, 4)
UIDS = ("1.0", "1.1", "1.2", "1.3")
WAYS = tuple(product(((0, 1, 2), (1, 0, 2)), product((False, True), repeat=3)))
"""Of storing axial slices: as they come from the reader, they are the last axis."""


@pytest.mark.parametrize("tilt", [-49, -20, 0, 35, 49])
def test_the_same_anatomy_gives_the_same_films_however_it_is_stored_and_tilted(tilt):
    affine = placed((0.6, 0.8, 4.0), (tilt, 3, -8))
    for order, flips in WAYS:
        upside_down = flips[2]
        uids = UIDS[::-1] if upside_down else UIDS
        films = axial_slices([stored(VALUES, affine, (order, flips), sop_instance_uids=uids)])
        heights = [3, 2, 1, 0] if upside_down else [0, 1, 2, 3]
        assert [one.meta["sop_instance_uid"] for one in films] == [UIDS[k] for k in heights]
        for k, one in zip(heights, films, strict=True):
            np.testing.assert_array_equal(one[0].numpy(), VALUES[:, :, k])
            there = apply_affine(flip_lps_ras(one.affine.numpy()), [(0, 0, 0), (29, 5, 0)])
            np.testing.assert_allclose(there, apply_affine(affine, [(0, 0, k), (29, 5, k)]), atol=1e-6)
            np.testing.assert_array_equal(one.meta["original_affine"], one.affine.numpy())
            assert one.meta["spacing_mm"] == pytest.approx((0.6, 0.8))
            assert one.meta["pixel_aspect_ratio"] == pytest.approx(8 / 6)


def test_slices_of_all_blocks_come_in_their_order_with_what_is_known():
    blocks = [
        stored(VALUES, placed(), sop_instance_uids=UIDS, warnings=("one file was ignored",), patient_age_years=63.0, patient_sex="F"),
        stored(VALUES[:20, :, :1] + 9, placed(origin=(0, 0, 90)), sop_instance_uids=("2.0", "2.1")),
    ]
    films = axial_slices(blocks)
    assert [one.meta["sop_instance_uid"] for one in films] == [*UIDS, ""]  # more names than slices name none
    assert [one.shape for one in films] == [(1, 30, 24)] * 4 + [(1, 20, 24)]
    first, last = films[0].meta, films[-1].meta
    assert (first["warnings"], first["patient_age_years"], first["patient_sex"]) == (("one file was ignored",), 63.0, "F")
    assert (last["warnings"], last["patient_sex"]) == ((), "")
    assert np.isnan(last["patient_age_years"])


def test_what_has_no_place_in_the_patient_is_refused():
    for block in (stored(VALUES, placed(), spacing_mm=None), MetaTensor(torch.rand(1, 30, 24), meta={"spacing_mm": (1, 1)})):
        with pytest.raises(UnsuitableImageError, match="a place in the patient"):
            axial_slices([block])


def test_a_series_is_read_by_its_blocks():
    asked = []

    def reader(paths):
        asked.append(paths)
        return [stored(VALUES, placed()), stored(VALUES, placed())]

    out = AxialBlocksd(reader=reader)({"source": ["a", "b"], "case": "x"})
    assert asked == [["a", "b"]]
    assert len(out["slices"]) == 8


def drawn(size=(120, 100), spacing=(0.6, 0.8)):
    """An image that equals its mask, whose one class is a shape without symmetry; as read, with a third axis of one."""
    mask = np.zeros((*size, 1), dtype=np.float32)
    mask[50:70, 40:75] = mask[55:60, 30:40] = mask[70:85, 60:70] = 1
    affine = placed((*spacing, 4.0))
    return {name: stored(mask, affine) for name in ("image", "mask")}


def looking(seed=0, data=None, **options):
    look = RandAxialViewd(**{"size": 64, "view_spacing": 0.9, **options})
    look.set_random_state(seed)
    return look(drawn() if data is None else data)


@pytest.mark.parametrize("centre", ["image", "canal"])
@pytest.mark.parametrize("seed", range(4))
def test_image_and_mask_stay_aligned(seed, centre):
    out = looking(seed, centre=centre, shift_mm=5.0, turn_deg=15.0, zoom=0.2)
    assert out["image"].shape == out["label"].shape == (1, 64, 64)
    shown = out["image"]
    sure = (shown - 0.5).abs() > 0.02
    assert shown.max() > 0.99
    assert torch.equal((shown > 0.5)[sure], (out["label"] == 1)[sure])
    assert set(out["label"].unique().tolist()) == {0, 1}


def test_the_classes_keep_their_numbers():
    data = drawn()
    data["mask"] = stored(2 * data["mask"][0].numpy(), placed((0.6, 0.8, 4.0)))
    data["mask"][0, 50:60, 40:50] = 3
    out = looking(data=data, shift_mm=0.0, turn_deg=0.0)
    assert set(out["label"].unique().tolist()) == {0, 2, 3}


def test_draws_follow_the_seed():
    one, again, other = (looking(seed)["image"] for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_without_jitter_a_view_shows_the_middle_in_millimetres():
    out = looking(shift_mm=0.0, turn_deg=0.0, zoom=0.0, mirror_probability=0.0)
    area = float(out["image"].sum()) * 0.9**2
    assert area == pytest.approx(float(drawn()["mask"].sum()) * 0.6 * 0.8, rel=0.02)
    there = torch.stack(torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij"))
    middle = (there * out["image"]).sum(dim=(1, 2)) / out["image"].sum()
    expected = np.argwhere(drawn()["mask"][0].numpy())[:, :2].mean(axis=0)
    assert middle.numpy() == pytest.approx(31.5 + (expected - (59.5, 49.5)) * (0.6, 0.8) / 0.9, abs=0.1)


def test_a_mirrored_view_is_the_other_way_round():
    plain, other = (looking(shift_mm=0.0, turn_deg=0.0, zoom=0.0, mirror_probability=p) for p in (0.0, 1.0))
    for key in ("image", "label"):
        assert torch.allclose(plain[key].flip(1), other[key], atol=1e-4)
    assert not torch.allclose(plain["image"], other["image"], atol=0.1)


def test_the_canals_front_is_in_the_middle_where_it_is_known():
    mask = np.zeros((120, 100, 1), dtype=np.float32)
    mask[20:60, 20:45], mask[30:50, 55:65] = 1, 3
    data = {"image": stored(mask, placed((0.6, 0.8, 4.0))), "mask": stored(mask, placed((0.6, 0.8, 4.0)))}
    front = canal_front(np.stack([mask[..., 0] == label for label in (1, 2, 3)]).astype(float))
    still = {"shift_mm": 0.0, "turn_deg": 0.0, "zoom": 0.0, "mirror_probability": 0.0}
    label = looking(data=data, centre="canal", **still)["label"][0].numpy()
    rows = np.argwhere(label == 3).mean(axis=0)
    assert rows == pytest.approx(31.5 + ((39.5, 59.5) - front) * (0.6, 0.8) / 0.9, abs=0.6)
    nothing = {"image": data["image"], "mask": stored(np.where(mask == 3, 0, mask), placed((0.6, 0.8, 4.0)))}
    middle = looking(data=nothing, centre="canal", **still)["image"]
    assert torch.equal(middle, looking(data=data, centre="image", **still)["image"])


def test_without_a_mask_there_is_an_empty_label():
    data = drawn()
    del data["mask"]
    out = looking(data=data, centre="canal")
    assert not out["label"].any()
    assert out["image"].max() > 0.9


def test_an_unknown_centre_is_refused():
    with pytest.raises(ValueError, match="centre must be image or canal, got 'disc'"):
        RandAxialViewd(size=8, view_spacing=1.0, centre="disc")


def test_what_is_known_of_an_item_is_gathered():
    item = {"age": 60, "sex": "M", "canal_width_mm": None, "level": "L4-L5", "image": "a.png"}
    out = PatientVectord()(item)
    assert out["patient"].dtype == torch.float32
    assert out["patient"].tolist() == list(patient_vector(age=60, sex="M", level="L4-L5"))
    assert PatientVectord()({})["patient"].tolist() == list(patient_vector())
    assert PatientVectord()({"canal_width_mm": 10.0})["patient"].tolist() == list(patient_vector(canal_width=10.0))


@pytest.mark.parametrize("ends", [(), (1,)])
def test_a_crop_is_a_share_of_the_field_of_view_between_its_own_extremes(ends):
    film = torch.zeros(1, 100, 200, *ends)
    film[:, 15:85, 30:170] = 5
    film[:, 15:50, 30:100] = 7
    film[:, :10] = 100  # beyond the crop
    out = CropShared(size=60, cropped=0.2)({"image": MetaTensor(film), "label": 1})
    assert out["image"].shape == (1, 60, 60)
    assert out["label"] == 1
    expected = torch.zeros(60, 60)
    expected[:30, :30] = 1
    assert float((out["image"][0] - expected).abs()[1:-1, 1:-1].mean()) < 0.02
    assert (float(out["image"].min()), float(out["image"].max())) == (0, 1)


def test_a_blank_crop_is_nothing():
    assert not CropShared(size=20, cropped=0.1)({"image": torch.full((1, 40, 40), 3.0)})["image"].any()


def test_a_measured_canal_errs_and_is_never_nothing():
    widths = []
    transform = RandCanalWidthd(sd_mm=0.8)
    transform.set_random_state(seed=1)
    item = {"canal_width_mm": 12.0, "age": 50}
    for _ in range(400):
        changed = transform(item)
        assert changed["age"] == 50
        widths.append(changed["canal_width_mm"])
    assert item["canal_width_mm"] == 12.0
    assert np.mean(widths) == pytest.approx(12, abs=0.15)
    assert np.std(widths) == pytest.approx(0.8, rel=0.15)
    narrow = [transform({"canal_width_mm": 2.0})["canal_width_mm"] for _ in range(200)]
    assert min(narrow) == 1.0
    assert RandCanalWidthd(sd_mm=0.0)({"canal_width_mm": 12})["canal_width_mm"] == 12.0


@pytest.mark.parametrize("item", [{"age": 50}, {"age": 50, "canal_width_mm": None}])
def test_a_canal_that_was_not_measured_stays_so(item):
    transform, other = RandCanalWidthd(), RandCanalWidthd()
    for one in (transform, other):
        one.set_random_state(seed=2)
    assert transform(item) == item
    other({"canal_width_mm": 12.0})
    known = {"canal_width_mm": 12.0}
    assert transform(known) == other(known)  # what is drawn for the next item does not depend on it
