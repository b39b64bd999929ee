import numpy as np
import pytest

from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry import apply_affine, flip_lps_ras
from msk_monai.transforms import SagittalSlicesd
from tests.transforms.films import film
from tests.transforms.stacks import PLAIN, WAYS, anatomy, placed, stored

COUNTS = (7, 70, 90)
SPACING = (4.0, 0.5, 1.0)
VALUES, AFFINE = anatomy(*COUNTS), placed(SPACING, (6, -4, 8))
RAS, PIR = (((0, 1, 2), (True, True, False)), ((1, 2, 0), (False, True, True)))
"""As NIfTI files have it, and DICOM series from the left to the right."""


def slices(source, **options):
    return SagittalSlicesd(**{"longest": 180, **options})({"source": source})


def test_films_show_the_back_at_the_right_and_the_feet_below_however_the_stack_is_stored():
    for way in WAYS:
        films = slices(stored(VALUES, AFFINE, way))["slices"]
        assert len(films) == 5
        for number, one in enumerate(films, start=1):
            np.testing.assert_array_equal(one[0].numpy(), VALUES[number, :, ::-1])


@pytest.mark.parametrize("way", [PLAIN, RAS, PIR])
def test_pixels_keep_their_place_in_the_patient(way):
    out = slices(stored(VALUES, AFFINE, way))
    for number, one in enumerate(out["slices"], start=1):
        for p, s in ((0, 0), (69, 0), (12, 80)):
            there = apply_affine(flip_lps_ras(one.affine.numpy()), (p, 89 - s, 0))
            np.testing.assert_allclose(there, apply_affine(AFFINE, (number, p, s)), atol=1e-6)
        np.testing.assert_array_equal(one.meta["original_affine"], one.affine.numpy())


@pytest.mark.parametrize("way", [PLAIN, RAS, PIR])
def test_the_image_holds_the_films_on_square_pixels_in_their_places(way):
    out = slices(stored(VALUES, AFFINE, way))
    image, first = out["image"], out["slices"][0]
    assert image.shape == (5, 70, 180)
    np.testing.assert_allclose(np.linalg.norm(image.affine.numpy()[:3, :2], axis=0), 0.5)
    ends = [apply_affine(one.affine.numpy(), (x - 0.5, y - 0.5, 0)) for one, x, y in ((image, 70, 180), (first, 70, 90))]
    np.testing.assert_allclose(*ends, atol=1e-6)
    for seen, one in zip(image.as_tensor(), out["slices"], strict=True):
        np.testing.assert_allclose(seen.reshape(70, 90, 2).mean(dim=2)[:, 1:-1], one[0][:, 1:-1], rtol=1e-4)


@pytest.mark.parametrize("way", [PLAIN, RAS, PIR])
def test_a_film_knows_its_spacing_and_its_slice(way):
    uids = tuple(f"1.{k}" for k in range(7))
    films = slices(stored(VALUES, AFFINE, way, sop_instance_uids=uids, warnings=("old",)))["slices"]
    for number, one in enumerate(films, start=1):
        assert one.meta["spacing_mm"] == pytest.approx((0.5, 1.0))
        assert one.meta["pixel_aspect_ratio"] == pytest.approx(2.0)
        assert one.meta["warnings"] == ("old",)
        location = one.meta["location"]
        assert location.index == number  # towards the left
        np.testing.assert_allclose(location.position_mm, apply_affine(AFFINE, (number, 34.5, 44.5)), atol=1e-5)
        if way == PIR:
            assert location.sop_instance_uid == f"1.{6 - number}"


@pytest.mark.parametrize(("total", "count", "expected"), [(7, 1, [3]), (7, 3, [2, 3, 4]), (4, 1, [1]), (2, 5, [0, 1]), (1, 5, [0])])
def test_the_middle_slices_are_taken(total, count, expected):
    out = slices(stored(VALUES[:total], AFFINE, PIR), count=count)
    assert [int(one[0, 0, 0] - VALUES[0, 0, -1]) // (70 * 90) for one in out["slices"]] == expected
    assert len(out["image"]) == len(expected)


def test_a_stack_without_millimetres_keeps_only_the_shape_of_its_pixels():
    one = slices(stored(VALUES, AFFINE, spacing_mm=None))["slices"][0]
    assert one.meta["spacing_mm"] is None
    assert one.meta["pixel_aspect_ratio"] == pytest.approx(2.0)


def test_a_picture_stays_as_it_is():
    picture = film(120, 200)
    out = slices(picture, longest=100)
    assert out["slices"] == [picture]
    assert out["image"].shape == (1, 60, 100)
    assert out["source"] is picture


def test_what_is_not_there_may_be_allowed_to_be_missing():
    step = SagittalSlicesd(longest=100, source_key="beside", allow_missing_keys=True)
    assert step({"case": "a"}) == {"case": "a"}
    with pytest.raises(KeyError):
        SagittalSlicesd(longest=100)({"case": "a"})


def test_keys_are_as_they_are_asked_for():
    step = SagittalSlicesd(longest=100, source_key="beside", image_key="sagittal_image", slices_key="sagittal_slices")
    assert set(step({"beside": film()})) == {"beside", "sagittal_image", "sagittal_slices"}


@pytest.mark.parametrize(("values", "message"), [(np.zeros((3, 70, 80), np.float32), "blank"), (anatomy(3, 30, 80), "at least 64 pixels")])
def test_slices_that_show_nothing_are_refused(values, message):
    with pytest.raises(UnsuitableImageError, match=message):
        slices(stored(values, AFFINE, PIR))


def test_thin_slices_are_taken_four_millimetres_apart():
    thin = placed((1.0, 0.5, 1.0), (0, 0, 0), (0, 0, 0))
    values = np.random.default_rng(0).random((40, 70, 90)).astype(np.float32)
    films = slices(stored(values, thin, PIR))["slices"]
    places = [one.meta["location"].index for one in films]
    assert np.diff(places).tolist() == [4, 4, 4, 4]
    assert abs(np.mean(places) - 19.5) <= 0.5


def test_a_blank_slice_among_others_is_left_out():
    values = VALUES.copy()
    values[2] = 5.0
    assert len(slices(stored(values, AFFINE, PIR))["slices"]) == 4
