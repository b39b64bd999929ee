import numpy as np
import pytest
import torch

from msk_monai.transforms import LandmarkPointsd, LandmarkSquaresd, RandQuadPatchesd, SquareCornersd
from tests.knees import ENDS, KNEE, MIRROR
from tests.transforms.films import film

RIGHT, LEFT = np.add(KNEE, (70, 100)), KNEE * MIRROR + (210, 104)
BOTH = np.concatenate([RIGHT, LEFT])


def of_objects(points=BOTH, **options):
    return LandmarkSquaresd(points=16, ends=ENDS, **options)({"label": points, "kept": 1})


def test_each_object_has_a_square_and_a_hand():
    out = of_objects()
    assert out["kept"] == 1
    assert out["quads"].shape == (2, 4, 2)
    assert out["label"].tolist() == [RIGHT.tolist(), LEFT.tolist()]
    assert out["other_hand"].tolist() == [False, True]
    assert out["quads"][0].tolist() == [[30.5, 56.5], [109.5, 56.5], [30.5, 135.5], [109.5, 135.5]]
    assert out["quads"][1] == pytest.approx(out["quads"][0] + (140, 4))


def test_each_point_has_a_square_with_all_points_of_its_object():
    out = of_objects(share=0.2)
    assert out["quads"].shape == (32, 4, 2)
    assert out["quads"].mean(axis=1) == pytest.approx(BOTH)
    assert out["quads"][20, 1] - out["quads"][20, 0] == pytest.approx([15.8, 0])
    assert out["label"].shape == (32, 16, 2)
    assert all(out["label"][k].tolist() == (RIGHT if k < 16 else LEFT).tolist() for k in range(32))
    assert out["other_hand"].tolist() == [False] * 16 + [True] * 16


def test_an_object_that_is_not_known_has_no_square():
    out = of_objects(np.concatenate([RIGHT, np.full((16, 2), np.nan)]))
    assert np.isnan(out["quads"][1]).all()
    assert out["other_hand"].tolist() == [False, False]


@pytest.mark.parametrize("count", [0, 15, 17])
def test_a_wrong_number_of_points_is_refused(count):
    with pytest.raises(ValueError, match=f"expected 16 points for each object, got {count}"):
        of_objects(np.zeros((count, 2)))


def test_corners_of_squares_are_points_and_absent_objects_unknown():
    out = SquareCornersd(objects=3)(of_objects())
    assert out["label"].shape == (12, 2)
    assert out["label"][:8].tolist() == out["quads"].reshape(-1, 2).tolist()
    assert np.isnan(out["label"][8:]).all()
    with pytest.raises(ValueError, match="broadcast"):
        SquareCornersd(objects=1)(of_objects())


def test_an_item_may_have_the_points_of_one_or_several_objects():
    image = film(300, 200)
    points = LandmarkPointsd(count=16, objects=2)
    assert points({"image": image, "points": BOTH.tolist()})["label"].shape == (32, 2)
    assert points({"image": image, "points": RIGHT.tolist()})["label"] == pytest.approx(RIGHT)
    assert np.isnan(points({"image": image})["label"]).all()
    for wrong in (8, 24, 48):
        with pytest.raises(ValueError, match=f"expected 16 points for each object, got {wrong}"):
            points({"image": image, "points": [None] * wrong})


def painted(place):
    """A film with a Gaussian spot."""
    x, y = np.meshgrid(np.arange(300), np.arange(200), indexing="ij")
    return torch.as_tensor(np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / 2), dtype=torch.float32)[None]


@pytest.mark.parametrize("share", [None, 0.4])
@pytest.mark.parametrize(("number", "knee"), [(0, RIGHT), (1, LEFT)], ids=["right", "left"])
def test_patches_show_both_hands_as_one_and_points_stay_on_what_they_show(number, knee, share):
    data = of_objects(share=share)
    data["image"] = painted(knee[5])
    weights = np.zeros(len(data["quads"]))
    weights[number if share is None else 16 * number + 5] = 1
    draw = RandQuadPatchesd(
        count=8, size=96, widths=[1.4, 1.8], mirror_probability=0.0, weights=weights, hand_key="other_hand", elastic=0.01, shift=0.05
    )
    draw.set_random_state(2)
    cells = torch.stack(torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij"), dim=-1)
    for item in draw(data):
        assert item["label"][0, 0] < item["label"][6, 0]
        place = (item["image"][0, ..., None] * cells).sum((0, 1)) / item["image"].sum()
        assert item["label"][5].tolist() == pytest.approx(place.tolist(), abs=0.4)
