import json
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from msk_monai.phantoms import film_region
from msk_monai.phantoms.spine_xray import (
    LANDMARK_NAMES,
    LEVELS,
    film_recipe,
    film_truth,
    sample_film,
    shown_levels,
    write_films,
)


@pytest.fixture(scope="module", autouse=True)
def few_pixels():
    """Films of few pixels are rendered from coarse grids."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film_region, "FEWEST_PIXELS", 110)
        patch.setattr(film_region, "MOST_PIXELS", 120)
        yield


@pytest.fixture(scope="module")
def easy():
    return replace(film_recipe(), screws_share=0.0, cement_share=0.0)


@pytest.fixture(scope="module")
def film(easy):
    return sample_film(3, seed=1, recipe=easy, region="lumbar")


def test_a_film_depends_only_on_seed_and_index(easy, film):
    again, other = (sample_film(i, seed=1, recipe=easy, region="lumbar") for i in (3, 4))
    np.testing.assert_array_equal(again.pixels, film.pixels)
    np.testing.assert_array_equal(again.points, film.points)
    assert other.spacing != film.spacing


def test_pixels_are_twelve_bits_and_show_something(film):
    assert film.pixels.dtype == np.uint16
    assert film.pixels.max() <= 4095
    assert film.pixels.std() > 200


def test_points_are_in_the_order_of_their_names(film):
    corners = film.points.reshape(17, 4, 2)
    assert len(LANDMARK_NAMES) == 68
    assert LANDMARK_NAMES[4 * LEVELS.index("L4") + 2] == "L4_bottom_left"
    names = film.shown
    assert {"L3", "L4", "L5"} <= set(names)
    whole = corners[[LEVELS.index(n) for n in names]]
    assert (whole[:, [0, 2], 0] < whole[:, [1, 3], 0]).all()
    assert (whole[:, :2, 1] < whole[:, 2:, 1]).all()
    assert (np.diff(whole.mean(1)[:, 1]) > 0).all()
    assert np.isnan(corners[LEVELS.index("T1")]).all()


def test_spacing_is_that_of_the_patient(film):
    detector = film.setup.detector
    assert 1.05 < film.magnification < 1.5
    np.testing.assert_allclose(np.array(film.spacing) * film.magnification, detector.spacing)
    corners = film.points.reshape(17, 4, 2)[LEVELS.index("L4")] * film.spacing
    assert 35 < np.linalg.norm(corners[1] - corners[0]) < 62  # an L4 is about 48 mm wide
    assert 18 < np.linalg.norm(corners[2] - corners[0]) < 36


def test_the_segment_is_measured_in_millimetres(film):
    corners = film.points.reshape(17, 4, 2) * film.spacing
    upper, lower = corners[LEVELS.index("L4"), 2:], corners[LEVELS.index("L5"), :2]
    turn = [np.degrees(np.arctan2(*(plate[1] - plate[0])[::-1])) for plate in (upper, lower)]
    assert film.segment["angle_deg"] == pytest.approx(abs(turn[1] - turn[0]), abs=1e-6)
    assert film.segment["interval_mean_mm"] == pytest.approx((lower - upper).mean(0)[1], abs=1.5)
    assert film.segment["interval_minimum_mm"] <= min(film.segment["interval_left_mm"], film.segment["interval_right_mm"])


def test_a_film_that_ends_above_l5_has_no_segment(easy):
    film = sample_film(5, seed=1, recipe=easy, region="cut")
    assert "L5" not in film.shown
    assert film.segment is None
    assert film.cobb > 0
    truth = film_truth(film)
    assert truth["l4_l5"] is None
    assert truth["points"][LANDMARK_NAMES.index("L5_bottom_left")] is None


def test_a_vertebra_counts_as_shown_with_all_four_corners():
    points = np.full((68, 2), np.nan)
    points[8:15] = 1.0  # T3, and three corners of T4
    assert shown_levels(points) == ("T3",)


@pytest.fixture(scope="module")
def collection(tmp_path_factory, easy):
    folder = tmp_path_factory.mktemp("films")
    write_films(folder, count=2, seed=6, split="training", recipe=easy)
    return folder


def test_folders_hold_films_truth_and_datalist(collection, easy):
    listing = json.loads((collection / "datalist.json").read_text())
    assert listing["validation"] == []
    assert len(listing["training"]) == 2
    assert listing["modality"] == "DX"
    assert "phantom" in listing["description"]
    assert listing["landmark_names"] == list(LANDMARK_NAMES)
    item, film = listing["training"][1], sample_film(1, seed=6, recipe=easy)
    truth = json.loads((collection / item["truth"]).read_text())
    np.testing.assert_array_equal(pydicom.dcmread(collection / item["image"]).pixel_array, film.pixels)
    known = np.isfinite(film.points).all(1)
    assert [p is not None for p in item["points"]] == known.tolist()
    np.testing.assert_allclose([p for p in item["points"] if p], film.points[known], atol=1e-3)
    np.testing.assert_allclose(item["spacing_mm"], film.spacing, atol=1e-6)
    assert {key: film_truth(film)[key] for key in ("cobb_max_degrees", "l4_l5")}.items() <= item.items()
    assert {key: truth[key] for key in ("points", "spacing_mm", "cobb_max_degrees", "l4_l5")}.items() <= item.items()


def test_what_is_there_is_kept_but_not_of_another_seed(collection, easy):
    image = collection / "films" / "phantom-0000.dcm"
    written = image.read_bytes()
    image.write_bytes(b"untouched")
    write_films(collection, count=1, seed=6, recipe=easy)
    assert image.read_bytes() == b"untouched"
    write_films(collection, count=1, seed=7, recipe=easy)
    assert image.read_bytes() not in (b"untouched", written)
