"""Films, their points and their label maps on the grid that a network sees, and back."""

import json

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import DivisiblePadd
from PIL import Image

from msk_monai.dicom.reader import SeriesReader
from msk_monai.errors import UnsuitableImageError
from msk_monai.transforms import FilmGridd, LandmarkPointsd, LevelMapd, RandFilmViewd, mirrored_corners
from msk_monai.transforms.landmark_points import between_grids, grid_affine, original_affine
from tests.transforms.films import column, film


def on_grid(source: MetaTensor, longest: int) -> MetaTensor:
    return FilmGridd("source", output_keys="image", longest=longest)({"source": source})["image"]


@pytest.mark.parametrize("longest", [100, 250, 1000])
def test_longest_side_is_as_asked_and_the_shape_stays(longest):
    grid = on_grid(film(120, 500), longest)
    assert grid.shape == (1, round(120 * longest / 500), longest)


@pytest.mark.parametrize(("longest", "size"), [(1000, (120, 500)), (500, (120, 500)), (250, (60, 250))])
def test_a_small_film_stays_as_it_is_where_it_is_not_to_be_enlarged(longest, size):
    source = film(120, 500)
    grid = FilmGridd("source", output_keys="image", longest=longest, enlarge=False)({"source": source})["image"]
    assert grid.shape == (1, *size)
    if size == (120, 500):
        assert torch.equal(grid.as_tensor(), source.as_tensor())


def test_pixels_become_square_though_a_film_is_not_enlarged():
    grid = FilmGridd("source", output_keys="image", longest=1000, enlarge=False)({"source": film(200, 200, spacing=(0.1, 0.2))})["image"]
    assert grid.shape == (1, 200, 400)
    assert grid_affine(grid).diagonal()[:2] == pytest.approx([0.1, 0.1])


def test_pixels_become_square():
    assert on_grid(film(200, 200, spacing=(0.1, 0.2)), 400).shape == (1, 200, 400)


@pytest.mark.parametrize("longest", [125, 250, 1000])
def test_a_point_keeps_its_place_in_the_picture(longest):
    source = film(120, 500)
    grid = on_grid(source, longest)
    x, y = between_grids(np.array([[60.0, 250.0]]), original_affine(grid), grid_affine(grid))[0]
    value = torch.nn.functional.grid_sample(
        grid.as_tensor()[None],
        torch.tensor([[[[(2 * y + 1) / grid.shape[2] - 1, (2 * x + 1) / grid.shape[1] - 1]]]], dtype=torch.float32),
        align_corners=False,
    )
    assert float(value) == pytest.approx(float(source[0, 60, 250]), abs=0.3)


def test_padding_does_not_move_points():
    source = {"image": on_grid(film(120, 500), 250)}
    padded = DivisiblePadd("image", k=128, method="end")(source)["image"]
    assert padded.shape == (1, 128, 256)
    points = np.array([[10.0, 400.0]])
    assert between_grids(points, original_affine(padded), grid_affine(padded)) == pytest.approx(
        between_grids(points, original_affine(source["image"]), grid_affine(source["image"]))
    )


@pytest.mark.parametrize("shape", [(1, 100, 100, 3), (3, 100, 100), (1, 20, 400)])
def test_what_is_no_film_is_refused(shape):
    with pytest.raises(UnsuitableImageError, match="expected"):
        on_grid(MetaTensor(torch.rand(shape)), 256)


def test_a_blank_picture_is_refused():
    with pytest.raises(UnsuitableImageError, match="blank"):
        on_grid(MetaTensor(torch.ones(1, 200, 200)), 256)


def test_points_follow_onto_the_grid_and_unknown_ones_stay_unknown():
    image = on_grid(film(100, 400), 200)
    out = LandmarkPointsd(count=2)({"image": image, "points": [[10.0, 20.0], None]})
    assert out["label"][0] == pytest.approx([4.75, 9.75])
    assert np.isnan(out["label"][1]).all()


def test_a_wrong_number_of_points_is_refused():
    with pytest.raises(ValueError, match="expected 3 points, got 2"):
        LandmarkPointsd(count=3)({"image": on_grid(film(), 200), "points": [[1, 1], [2, 2]]})


@pytest.mark.parametrize("seed", range(6))
def test_a_view_shows_at_its_points_what_the_film_shows_at_its_own(seed):
    image = film(400, 600)
    points = column(10, x=200, top=120, pitch=35).reshape(-1, 2)
    view = RandFilmViewd(size=(256, 512), close_probability=0.5)
    view.set_random_state(seed)
    out = view({"image": image, "label": points})
    assert out["image"].shape == (1, 256, 512)
    inside = [(p, q) for p, q in zip(points, out["label"].numpy(), strict=True) if (q > 2).all() and (q < [253, 509]).all()]
    assert inside
    for (x, y), (u, v) in inside:
        place = torch.tensor([[[[(2 * v + 1) / 512 - 1, (2 * u + 1) / 256 - 1]]]], dtype=torch.float32)
        value = torch.nn.functional.grid_sample(out["image"][None], place, align_corners=False)
        assert float(value) == pytest.approx(x + 0.25 * y, abs=0.05)


def test_mirrored_views_keep_left_on_the_left():
    view = RandFilmViewd(size=(256, 512), mirror_order=mirrored_corners(10))
    view.set_random_state(1)
    for _ in range(8):
        corners = view({"image": film(400, 600), "label": column(10, x=200, top=120, pitch=35).reshape(-1, 2)})["label"].reshape(10, 4, 2)
        assert (corners[:, 1, 0] > corners[:, 0, 0]).all()
        assert (corners[:, 2, 1] > corners[:, 0, 1]).all()


def test_a_film_without_points_gives_a_view_too():
    out = RandFilmViewd(size=(64, 64))({"image": film(), "label": np.full((8, 2), np.nan)})
    assert out["image"].shape == (1, 64, 64)
    assert torch.isnan(out["label"]).all()


def test_label_map_from_corners_names_the_levels_asked_for():
    image = on_grid(film(120, 500), 500)
    label = LevelMapd(levels=["L4", "L5"], corner_levels=["L3", "L4", "L5"], reader=SeriesReader())
    points = [point for quad in column(3, top=100) for point in quad.tolist()]
    drawn = label({"image": image, "points": points})["label"]
    assert drawn.shape == image.shape
    assert [int(drawn[0, 60, y]) for y in (100, 127, 154)] == [0, 1, 2]
    assert (drawn == 1).sum() == pytest.approx(40 * 20, rel=0.08)


def test_label_map_from_a_picture_is_the_picture(tmp_path):
    classes = np.zeros((500, 120), dtype=np.uint8)
    classes[100:140, 30:90] = 2
    Image.fromarray(classes).save(tmp_path / "label.png")
    label = LevelMapd(levels=["L4", "L5"], reader=SeriesReader())
    drawn = label({"image": on_grid(film(120, 500), 250), "label": str(tmp_path / "label.png")})["label"]
    assert drawn.shape == (1, 60, 250)
    assert json.loads(json.dumps(np.unique(drawn).tolist())) == [0, 2]
    assert drawn[0, 30, 60] == 2
