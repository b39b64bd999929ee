import numpy as np
import pytest
import torch

from msk_monai.transforms import FacingEndplatesd, RandQuadPatchesd, VertebraQuadsd, mirrored_corners
from tests.transforms.films import column


def painted(corners: np.ndarray, size: tuple[int, int] = (160, 300)) -> torch.Tensor:
    """A film with a Gaussian spot on the first corner of the quadrilateral in the middle."""
    x, y = np.meshgrid(*(np.arange(n) for n in size), indexing="ij")
    spot = corners[len(corners) // 2, 0]
    return torch.as_tensor(np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / 8), dtype=torch.float32)[None]


@pytest.mark.parametrize("what", [VertebraQuadsd, FacingEndplatesd])
def test_points_stay_on_what_the_patch_shows(what):
    corners = column(5, x=80, top=60, pitch=40)
    film = what()({"image": None, "label": corners.reshape(-1, 2)})
    film["image"] = painted(film["quads"])
    order = mirrored_corners(film["label"].shape[1] // 4)
    weights = np.arange(len(film["quads"])) == len(film["quads"]) // 2
    draw = RandQuadPatchesd(count=12, size=96, widths=[1.4, 2.3], mirror_order=order, weights=weights)
    draw.set_random_state(3)
    cells = torch.stack(torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij"), dim=-1)
    mirrored = []
    for item in draw(film):
        assert item["image"].shape == (1, 96, 96)
        points = item["label"].numpy()
        assert (points[1::2, 0] > points[::2, 0]).all()  # left stays on the left
        assert (points[2:4, 1] > points[:2, 1]).all()
        place = ((item["image"][0, ..., None] * cells).sum((0, 1)) / item["image"].sum()).numpy()
        if place.min() > 12 and place.max() < 84:  # the whole spot is in the patch
            off = np.linalg.norm(points[:2] - place, axis=1)
            assert off.min() < 0.3
            mirrored.append(bool(off[1] < off[0]))
    assert 0 < sum(mirrored) < len(mirrored)


def test_points_of_a_vertebras_patch_are_its_own_and_those_that_face_it():
    corners = column(3, x=80, top=60, pitch=40)
    film = VertebraQuadsd()({"label": corners.reshape(-1, 2)})
    assert film["label"][1].tolist() == [*corners[1].tolist(), *corners[0, 2:].tolist(), *corners[2, :2].tolist()]
    assert np.isnan(film["label"][0, 4:6]).all()
    assert np.isnan(film["label"][2, 6:]).all()


def test_a_space_lies_between_two_vertebrae():
    corners = column(3, x=80, top=60, pitch=40)
    corners[2] = np.nan
    film = FacingEndplatesd()({"label": corners.reshape(-1, 2)})
    assert film["quads"][0].tolist() == [*corners[0, 2:].tolist(), *corners[1, :2].tolist()]
    assert np.isnan(film["quads"][1]).any()
    draw = RandQuadPatchesd(count=4, size=64, widths=[1.4, 1.8], mirror_order=mirrored_corners(1))
    assert all(torch.isfinite(item["label"]).all() for item in draw({**film, "image": torch.zeros(1, 160, 300)}))


def test_a_film_without_vertebrae_gives_patches_without_points():
    film = VertebraQuadsd()({"image": torch.rand(1, 90, 120), "label": np.full((12, 2), np.nan)})
    items = RandQuadPatchesd(count=2, size=64, widths=[1.4, 1.8], mirror_order=mirrored_corners(2))(film)
    assert [torch.isnan(item["label"]).all() for item in items] == [True, True]
    assert items[0]["image"].mean() > 0.2


def drawn(seed: int, **settings) -> list[dict]:
    """Patches of a film that is brighter from vertebra to vertebra."""
    corners = column(5, x=80, top=60, pitch=40)
    middle = corners.mean(axis=1)[:, 1]
    shade = np.interp(np.arange(300), middle, np.arange(5.0))
    film = VertebraQuadsd()({"image": torch.as_tensor(shade, dtype=torch.float32).expand(1, 160, 300), "label": corners.reshape(-1, 2)})
    draw = RandQuadPatchesd(size=64, mirror_order=mirrored_corners(2), **settings)
    draw.set_random_state(seed)
    return draw(film)


def test_some_are_drawn_more_often():
    still = {"shift": 0.0, "turn_deg": 0.0, "widths": [0.5, 0.5]}
    shades = [float(item["image"][0, 31:33, 31:33].mean()) for item in drawn(0, count=400, weights=[0, 1, 1, 1, 5], **still)]
    share = np.bincount(np.rint(shades).astype(int), minlength=5) / 400
    assert share == pytest.approx([0, 0.125, 0.125, 0.125, 0.625], abs=0.06)


def test_patches_stray_as_far_as_they_are_told():
    def strays(shift: float) -> np.ndarray:
        items = drawn(1, count=200, widths=[2.0, 2.0], shift=shift, turn_deg=0.0, stretch=1.0, shear=0.0)
        return np.stack([item["label"][:4].mean(dim=0).numpy() for item in items]) / 32 - 31.5 / 32  # 32 pixels a width

    assert strays(0.0) == pytest.approx(0, abs=1e-3)
    assert strays(0.12).std(axis=0) == pytest.approx(0.12, abs=0.02)


def test_the_same_seed_draws_the_same_patches():
    first, again, other = (drawn(seed, count=3, widths=[1.4, 2.0]) for seed in (7, 7, 8))
    assert all(torch.equal(a["image"], b["image"]) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a["image"], b["image"]) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(("probability", "left"), [(0.0, 0), (1.0, 1)])
def test_patches_are_mirrored_as_often_as_they_are_told_and_points_without_an_order_keep_their_names(probability, left):
    film = VertebraQuadsd()({"image": torch.rand(1, 160, 300), "label": column(5, x=80, top=60, pitch=40).reshape(-1, 2)})
    draw = RandQuadPatchesd(count=20, size=64, widths=[1.4, 2.0], mirror_probability=probability)
    draw.set_random_state(1)
    for item in draw(film):
        points = item["label"][:4]
        assert points[left, 0] < points[1 - left, 0]


def test_what_is_of_the_other_hand_is_mirrored_first():
    film = VertebraQuadsd()({"image": torch.rand(1, 160, 300), "label": column(2, x=80, top=60, pitch=40).reshape(-1, 2)})

    def items(hands: list[bool]) -> list[dict]:
        draw = RandQuadPatchesd(count=12, size=64, widths=[1.4, 2.0], mirror_probability=0.5, hand_key="hands")
        draw.set_random_state(5)
        return draw({**film, "hands": np.array(hands)})

    for one, other in zip(items([False, False]), items([True, True]), strict=True):
        assert torch.allclose(one["image"], other["image"].flip(1), atol=1e-4)
        seen = torch.isfinite(one["label"])
        assert torch.allclose((63 - one["label"][..., 0])[seen[..., 0]], other["label"][..., 0][seen[..., 0]], atol=1e-3)


def test_bending_moves_points_by_as_much_as_it_is_told():
    still = {"shift": 0.0, "turn_deg": 0.0, "stretch": 1.0, "shear": 0.0, "widths": [2.0, 2.0], "mirror_probability": 0.0}
    straight, bent = (drawn(2, count=100, elastic=elastic, weights=[0, 0, 1, 0, 0], **still) for elastic in (0.0, 0.02))
    moved = torch.stack([b["label"][:4] - s["label"][:4] for b, s in zip(bent, straight, strict=True)])
    assert 0.4 < float(moved.std()) / (0.02 * 64) < 1.3
    assert not torch.equal(straight[0]["image"], bent[0]["image"])
