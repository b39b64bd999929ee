"""Whole-body scans as uptake on one grid, places of the knees, and their crops."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry.patches import into_patches
from msk_monai.measure.scintigram import reference_knee_row
from msk_monai.transforms import (
    KneeCropsd,
    KneePointsd,
    RandMissingViewd,
    RandWholeBodyd,
    ReferencePlacesd,
    SplitKneesd,
    WholeBodyGridd,
)
from msk_monai.transforms.whole_body import grid_matrix
from tests.transforms.scans import FORMS, KNEES_MM, drawn, patient, scan, written_scan

GRID = WholeBodyGridd()
ON_GRID = [127 / 2, -0.5] + KNEES_MM / 6.0
"""Where the drawn knees lie on the grid of 6 mm."""
IN_SCAN = [255 / 2, -0.5] + KNEES_MM / 2.25
"""And in pixels of the drawn scan."""


def brightest(image):
    """[x, y] of the middle of what is at least 0.9 of the brightest."""
    shown = np.asarray(image)
    return np.argwhere(shown > 0.9 * shown.max()).mean(axis=0)


def same(one, other, within=1e-5):
    torch.testing.assert_close(one, other, rtol=0, atol=within)


def around(image, place, reach):
    x, y = np.rint(place).astype(int)
    return np.asarray(image)[max(x - reach, 0) : x + reach + 1, max(y - reach, 0) : y + reach + 1]


def test_both_views_have_the_right_knee_at_the_left_of_the_image():
    out = GRID({"source": scan(drawn(), spacing_mm=(2.25, 2.25))})
    assert tuple(out["image"].shape) == (2, 128, 384)
    for view in out["image"]:
        assert brightest(view) == pytest.approx(ON_GRID[0], abs=0.5)
    same(out["image"][0], out["image"][1])
    assert into_patches(IN_SCAN, out["grid"]) == pytest.approx(ON_GRID)
    assert (out["uptake"].seen, out["uptake"].size, out["uptake"].spacing) == ((True, True), (256, 1024), (2.25, 2.25))


@pytest.mark.parametrize("number", [0, 1])
def test_a_view_alone_is_as_it_is_beside_the_other(number):
    both = GRID({"source": scan(drawn())})
    name = ("anterior", "posterior")[number]
    alone = GRID({"source": scan(drawn()[[number]], views=(name,))})
    assert alone["uptake"].seen == (number == 0, number == 1)
    assert torch.equal(alone["image"][number], both["image"][number])
    assert torch.equal(alone["uptake"].views[number], both["uptake"].views[number])
    assert not alone["image"][1 - number].any()
    assert not alone["uptake"].views[1 - number].any()


def test_views_are_told_by_their_names_not_by_their_order():
    swapped = GRID({"source": scan(drawn()[::-1].copy(), views=("posterior", "anterior"))})
    assert torch.equal(swapped["image"], GRID({"source": scan(drawn())})["image"])


def test_a_scan_that_does_not_say_how_large_it_is_is_taken_for_a_whole_body():
    told = GRID({"source": scan(drawn(), spacing_mm=(2.25, 2.25))})
    assert torch.equal(GRID({"source": scan(drawn(), spacing_mm=None)})["image"], told["image"])
    assert GRID({"source": scan(drawn(128, 512))})["uptake"].spacing == (4.5, 4.5)


@pytest.mark.parametrize(
    ("size", "spacing"), [((128, 512), (4.5, 4.5)), ((512, 1024), (2.25, 2.25)), ((512, 2048), (1.125, 1.125)), ((128, 1024), (4.5, 2.25))]
)
def test_another_matrix_shows_the_same(size, spacing):
    first = GRID({"source": scan(drawn(), spacing_mm=(2.25, 2.25))})["image"]
    other = GRID({"source": scan(drawn(*size, spacing), spacing_mm=spacing)})
    assert float((other["image"] - first).abs().max()) < 0.02
    assert brightest(other["image"][0]) == pytest.approx(ON_GRID[0], abs=0.5)


@pytest.mark.parametrize("dose", [0.1, 3.0, 1000.0])
def test_the_dose_changes_nothing(dose):
    first, other = (GRID({"source": scan(times * drawn())}) for times in (1.0, dose))
    same(other["image"], first["image"])
    torch.testing.assert_close(other["uptake"].views, first["uptake"].views, rtol=1e-4, atol=0)


def test_each_view_has_its_own_measure():
    counts = drawn()
    counts[1] *= 0.3
    same(GRID({"source": scan(counts)})["image"], GRID({"source": scan(drawn())})["image"])


def test_a_phantoms_uptake_is_that_of_every_matrix_it_is_counted_in():
    _, setup, expected = patient()
    expected = np.stack([expected[0], expected[1][:, ::-1]])
    matrices = {
        1.0: expected,
        0.5: expected.reshape(2, 512, 2, 128, 2).sum((2, 4)),
        2.0: expected.repeat(2, axis=1).repeat(2, axis=2) / 4,
    }
    shown = {
        scale: GRID({"source": scan(counts.transpose(0, 2, 1), spacing_mm=(setup.pixel / scale,) * 2)})["image"].numpy()
        for scale, counts in matrices.items()
    }
    padded = np.pad(expected, ((0, 0), (0, 0), (128, 128))).transpose(0, 2, 1)
    wide = GRID({"source": scan(padded, spacing_mm=(setup.pixel,) * 2)})["image"].numpy()
    np.testing.assert_allclose(wide, shown[1.0], atol=1e-4)
    for scale in (0.5, 2.0):
        difference = np.abs(shown[scale] - shown[1.0])
        assert difference.mean() < 0.002
        assert np.percentile(difference, 99.9) < 0.03


@pytest.mark.parametrize(
    ("views", "told"),
    [
        ((), "none"),
        (("anterior",), "anterior"),
        (("anterior", "lateral"), "anterior, lateral"),
        (("anterior", "anterior"), "anterior, anterior"),
    ],
)
def test_other_views_are_refused(views, told):
    with pytest.raises(UnsuitableImageError, match=f"expected an anterior and a posterior view or one of them, got {told}"):
        GRID({"source": scan(drawn(32, 64, (20, 30)), views=views)})


def test_a_view_without_counts_is_refused_in_one_line():
    counts = drawn(32, 64, (20, 30))
    counts[1] = 0
    with pytest.raises(UnsuitableImageError, match="the posterior view has no counts") as caught:
        GRID({"source": scan(counts)})
    assert "\n" not in str(caught.value)


SIZES = st.tuples(st.integers(16, 3000), st.integers(16, 3000))
SPACINGS = st.tuples(st.floats(0.3, 20), st.floats(0.3, 20))


@given(SIZES, SPACINGS, SIZES, st.floats(0.5, 20), st.tuples(st.floats(-200, 3000), st.floats(-200, 3000)))
def test_places_on_the_grid_are_millimetres_from_the_middle_and_the_upper_edge(size, spacing, grid, pixel, place):
    matrix = grid_matrix(size, spacing, grid, pixel)
    on_grid = into_patches([place], matrix)[0]
    across, down = (place[0] - (size[0] - 1) / 2) * spacing[0], (place[1] + 0.5) * spacing[1]
    assert (on_grid - [(grid[0] - 1) / 2, -0.5]) * pixel == pytest.approx([across, down], abs=1e-6, rel=1e-9)
    assert matrix[:, :2] @ on_grid + matrix[:, 2] == pytest.approx(place, abs=1e-6, rel=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_true_places_lie_on_the_knees_however_a_scan_is_stored(form, tmp_path):
    source, truth = written_scan(form, tmp_path)
    out = KneePointsd()(GRID({"source": source, **truth}))
    points = out["points"]
    assert points[0, 0] < points[1, 0]
    view = int(form.endswith("posterior"))
    hot, cool = (around(out["image"][view], point, 8) for point in points)
    assert hot.mean() > 1.2 * cool.mean()
    middle = np.argwhere(hot > 0.75 * hot.max()).mean(axis=0) - 8 + np.rint(points[0])
    assert np.abs(middle - points[0]).max() * 6.0 < 25


def test_one_view_is_enough_to_know_the_places():
    knees = {"right": {"posterior": (255 - IN_SCAN[0, 0], IN_SCAN[0, 1])}, "left": {"anterior": tuple(IN_SCAN[1])}}
    assert KneePointsd()({**GRID({"source": scan(drawn())}), "knees": knees})["points"] == pytest.approx(ON_GRID)


@pytest.mark.parametrize("knees", [{}, None, {"right": None}, {"right": {"anterior": (10, 20)}}])
def test_places_that_are_not_known_are_nan(knees):
    points = KneePointsd()({**GRID({"source": scan(drawn())}), "knees": knees})["points"]
    known = bool(knees and knees["right"])
    assert np.isfinite(points).all(axis=1).tolist() == [known, False]


def reference_scan(rng):
    counts = rng.poisson(0.02, (1, 256, 1024)).astype(float)
    counts[0, :, rng.integers(450, 760)] += rng.poisson(0.3, 256)
    if rng.random() < 0.5:
        counts[0, 100:150, 510] = 0
    counts[0, 150, 510] = counts[0, 120, 509] = 1  # beside what the rule looks at
    return counts


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("width", [256, 512, 200])
def test_the_references_rule_is_followed_to_the_pixel(seed, width):
    counts = reference_scan(np.random.default_rng(seed))
    spare = (width - 256) // 2
    if spare >= 0:
        wide = np.pad(counts, ((0, 0), (spare, spare), (0, 0)))
    else:
        counts[:, :-spare] = counts[:, spare:] = 0
        wide = counts[:, -spare:spare]
    band = 510 + (70 if counts[0, 100:150, 510].any() else 0)
    row = band + counts[0].sum(axis=0)[band : band + 129].argmax()
    assert row == reference_knee_row(counts[0])
    places = ReferencePlacesd()(GRID({"source": scan(wide, views=("anterior",))}))["places"]
    assert places == pytest.approx(np.array([[63.5 + spare, row - 0.5], [191.5 + spare, row - 0.5]]))


def test_the_references_crops_are_128_columns_each_and_64_rows_to_either_side():
    counts = np.full((1, 256, 1024), 1.0)
    counts[0, 100:150, 510] = 0
    counts[0, 0:256, 600] += 9  # the brightest row
    for x, y in ((3, 536), (124, 663), (131, 540), (250, 650)):
        counts[0, x, y] += 60
    out = ReferencePlacesd()(GRID({"source": scan(counts, views=("anterior",))}))
    crops = KneeCropsd(size=128, pixel_mm=2.25, mirror=False)(out)["crops"][:, 0]
    bright = [sorted(map(tuple, np.argwhere(crop.numpy() > 0.9 * crop.numpy().max()).tolist())) for crop in crops]
    assert bright == [[(3, 0), (124, 127)], [(3, 4), (122, 114)]]


def test_the_reference_sees_other_matrices_as_its_own():
    row = ReferencePlacesd()(GRID({"source": scan(drawn())}))["places"][0, 1]
    for size, factor in (((128, 512), 0.5), ((512, 2048), 2.0)):
        source = scan(drawn(*size, (2.25 / factor,) * 2))
        places = ReferencePlacesd()(GRID({"source": source}))["places"]
        assert (places[0, 1] + 0.5) / factor == pytest.approx(row + 0.5, abs=2)
        assert (places[:, 0] + 0.5) / factor == pytest.approx([64, 192])


def test_the_reference_needs_the_anterior_view():
    with pytest.raises(UnsuitableImageError, match="needs the anterior view"):
        ReferencePlacesd()(GRID({"source": scan(drawn()[[1]], views=("posterior",))}))


def crops(**options):
    counts = np.full((256, 1024), 1.0)
    centres = np.array([[70.0, 600.0], [180.0, 590.0]])
    for (x, y), out in zip(centres.astype(int), (-1, 1), strict=True):
        counts[x + 16 * out - 1 : x + 16 * out + 2, y - 1 : y + 2] = 30  # 36 mm to the lateral side
        counts[x - 1 : x + 2, y + 31 : y + 34] = 12  # 72 mm down
    uptake = GRID({"source": scan(np.stack([counts, counts[::-1]]), spacing_mm=(2.25, 2.25))})["uptake"]
    return KneeCropsd(**options)({"uptake": uptake, "places": centres})["crops"]


def test_crops_show_lateral_on_the_same_side_and_millimetres():
    given = crops()
    assert tuple(given.shape) == (2, 2, 128, 128)
    for knee in given.flatten(0, 1).numpy():
        assert brightest(knee) == pytest.approx([63.5 - 36 / 1.6, 63.5], abs=0.6)
        assert knee[60:67, 105:112].max() > 2 * np.median(knee)  # 72 / 1.6 = 45 pixels below the middle
    same(given[0], given[1])
    assert 0 <= float(given.min()) <= float(given.max()) <= 1


def test_crops_need_not_be_mirrored():
    given, plain = crops(), crops(mirror=False)
    assert torch.equal(given[0], plain[0])
    same(plain[1].flip(1), given[1], 1e-4)


def test_crops_of_a_missing_view_are_empty():
    uptake = GRID({"source": scan(drawn()[[1]], views=("posterior",))})["uptake"]
    given = KneeCropsd(size=32)({"uptake": uptake, "places": IN_SCAN})["crops"]
    assert given[:, 0].any().item() is False
    assert given[:, 1].any(dim=1).any(dim=1).all()


def test_a_scan_gives_two_knees_with_their_grades():
    given = torch.rand(2, 2, 8, 8)
    right, left = SplitKneesd()({"crops": given, "grades": {"left": 0, "right": 3}})
    assert torch.equal(right["image"], given[0])
    assert torch.equal(left["image"], given[1])
    assert (right["label"].tolist(), left["label"].tolist()) == ([3.0], [0.0])


@pytest.mark.parametrize("grades", [None, {}, {"right": None, "left": -1}])
def test_grades_that_are_not_known_are_minus_one(grades):
    assert [item["label"].tolist() for item in SplitKneesd()({"crops": torch.rand(2, 2, 8, 8), "grades": grades})] == [[-1.0], [-1.0]]


def test_either_view_is_taken_away_and_never_the_last():
    change = RandMissingViewd(prob=1.0).set_random_state(seed=0)
    image = torch.rand(2, 6, 8) + 0.1
    before = image.clone()
    left = [change({"image": image})["image"].flatten(1).any(dim=1).tolist() for _ in range(20)]
    assert sorted(set(map(tuple, left))) == [(False, True), (True, False)]
    assert torch.equal(image, before)
    image[0] = 0
    assert all(change({"image": image})["image"][1].any() for _ in range(20))
    assert torch.equal(RandMissingViewd(prob=0.0)({"image": before})["image"], before)


STILL = {"shift": (0.0, 0.0), "turn_deg": 0.0, "zoom": 0.0, "stretch": 0.0}


def test_without_jitter_a_scan_stays_or_is_mirrored():
    out = GRID({"source": scan(np.random.default_rng(0).poisson(drawn()))})
    image, seen = out["image"], set()
    for seed in range(8):
        moved = RandWholeBodyd(**STILL).set_random_state(seed=seed)({"image": image, "points": ON_GRID})
        kept = bool(moved["points"][0, 1] == pytest.approx(ON_GRID[0, 1], abs=1e-4))
        seen.add(kept)
        expected = ON_GRID if kept else [127, 0] + ON_GRID[::-1] * [-1, 1]
        assert moved["points"].numpy() == pytest.approx(expected, abs=1e-4)
        same(moved["image"], image if kept else image.flip(1), 1e-3)
    assert seen == {True, False}


def test_points_move_with_the_scan():
    out = GRID({"source": scan(drawn())})
    change = RandWholeBodyd().set_random_state(seed=1)
    for _ in range(6):
        moved = change({"image": out["image"], "points": ON_GRID})
        points = moved["points"].numpy()
        hot = brightest(moved["image"][0])
        assert np.hypot(*(points - hot).T).min() < 1.0
        assert points[0, 0] < points[1, 0]  # the right knee stays at the left
