import numpy as np
import pytest
import torch

from msk_monai.geometry.squares import squares
from msk_monai.losses import HandsLoss
from msk_monai.losses.vertebra_maps import cell_targets
from msk_monai.networks import CoordinatesInferer, LandmarkLooks, LandmarkLooksInferer, OneLook, landmark_looks_inferer
from msk_monai.networks.landmark_looks_inferer import distinct
from tests.knees import ENDS, KNEE, MIRROR, turned

RIGHT, LEFT = np.add(KNEE, (80, 110)), turned(KNEE * MIRROR, 6) * 1.1 + (240, 120)
BOTH = np.stack([RIGHT, LEFT])
FILM = torch.zeros(1, 1, 320, 256)


@pytest.fixture
def matrices_for_patches(monkeypatch):
    """Looks are given the patches' matrices in place of the patches."""
    monkeypatch.setattr(landmark_looks_inferer, "reduced", lambda images, matrices, size: matrices.flatten(0, 1))


class Perfect:
    """Knows the objects on a film. What it sees as a mirror image of the usual it takes for the usual."""

    points, patch, hand_patch, close_patch = 16, 192, 128, 96

    def __init__(self, objects: np.ndarray, *, find: bool = True, off: float = 0.0) -> None:
        self.objects, self.off = objects, off
        self.places = self._places if find else None
        self.looked: list[tuple[str, np.ndarray]] = []

    def _places(self, film: torch.Tensor) -> torch.Tensor:
        shape = film.shape[2] // 8, film.shape[3] // 8
        known = torch.tensor(squares(self.objects, ENDS), dtype=torch.float32)[None]
        targets = cell_targets(known, shape, cell=8)
        cells = torch.stack(torch.meshgrid(*(torch.arange(n) * 8 + 3.5 for n in shape), indexing="ij"))
        ways = (known[0, targets.vertebra[0]].permute(2, 3, 0, 1) - cells) / 64
        return torch.cat([torch.logit(targets.nearness, eps=1e-3), ways.flatten(0, 1)])[None]

    def hands(self, matrices: torch.Tensor) -> torch.Tensor:
        flat = matrices.double().numpy()
        self.looked.append(("hands", flat))
        middles = flat @ [(self.hand_patch - 1) / 2, (self.hand_patch - 1) / 2, 1]
        own = np.linalg.norm(self.objects.mean(axis=1) - middles[:, None], axis=-1).argmin(axis=1)
        left = self.objects[own, 0, 0] > self.objects[own, 6, 0]
        return torch.as_tensor(np.where(left == (np.linalg.det(flat[:, :, :2]) > 0), 0.4, 0.1))

    def whole(self, matrices: torch.Tensor) -> tuple[torch.Tensor, None]:
        return self._seen("whole", matrices, self.patch, 0.0), None

    def close(self, matrices: torch.Tensor) -> tuple[torch.Tensor, None]:
        return self._seen("close", matrices, self.close_patch, self.off), None

    def _seen(self, look: str, matrices: torch.Tensor, size: int, off: float) -> torch.Tensor:
        flat = matrices.double().numpy()
        self.looked.append((look, flat))
        out = torch.ones(len(flat), 16, 3)
        for row, matrix in zip(out, flat, strict=True):
            middle = matrix @ [(size - 1) / 2, (size - 1) / 2, 1]
            own = int(np.linalg.norm(self.objects.mean(axis=1) - middle, axis=1).argmin())
            places = np.linalg.solve(matrix[:, :2], (self.objects[own] + off - matrix[:, 2]).T).T
            if places[0, 0] > places[6, 0]:
                places = places * [-1, 1] + [size - 1, 0]
            row[:, :2] = torch.as_tensor(places)
        return out


def run(network: Perfect, film: torch.Tensor = FILM, **options: object) -> np.ndarray:
    settings = {"ends": ENDS, "widths": [1.7, 1.45], "most": 2, "find_longest": 320}
    return LandmarkLooksInferer(**{**settings, **options})(film, network)[0].numpy()


class Larger(Perfect):
    """On the film where objects are looked for they are so many times smaller."""

    def __init__(self, objects: np.ndarray, times: float) -> None:
        super().__init__(objects)
        self.times = times

    def _places(self, film: torch.Tensor) -> torch.Tensor:
        return Perfect((self.objects + 0.5) / self.times - 0.5)._places(film)


@pytest.mark.usefixtures("matrices_for_patches")
@pytest.mark.parametrize("close", [None, 0.36])
@pytest.mark.parametrize("times", [0.5, 1, 3])
def test_points_of_both_hands_come_back_to_the_films_pixels_from_left_to_right(close, times):
    objects = (BOTH + 0.5) * times - 0.5
    network = Larger(objects[::-1], times)
    answer = run(network, torch.zeros(1, 1, int(320 * times), int(256 * times)), close_share=close)
    assert answer.shape == (2, 16, 4)
    assert answer[..., :2] == pytest.approx(objects, abs=0.01)
    assert (answer[..., 3] > 0.5).all()
    first = network.looked[0][1]
    seen_from = first[:2] @ [95.5, 95.5, 1]
    assert np.sort(seen_from[:, 0]) == pytest.approx(squares(objects, ENDS).mean(axis=1)[:, 0], abs=times)


@pytest.mark.usefixtures("matrices_for_patches")
def test_an_object_is_seen_both_ways_first_and_then_as_the_usual_one_only():
    network = Perfect(BOTH)
    run(network, close_share=0.36)
    assert [look for look, _ in network.looked] == ["whole", "whole", "hands", "whole", "whole", "close"]
    *centred, both, whole, again, close = (np.sign(np.linalg.det(matrices[:, :, :2])).tolist() for _, matrices in network.looked)
    assert centred == [[1, 1], [-1, -1]]
    assert both == [1, 1, -1, -1]
    middles = network.looked[3][1] @ [95.5, 95.5, 1]
    assert whole == again == [1 if x < 160 else -1 for x in middles[:, 0]]
    assert sorted(whole) == [-1, 1]
    assert close == np.repeat(whole, 16).tolist()


@pytest.mark.usefixtures("matrices_for_patches")
def test_patches_have_the_widths_they_are_told():
    network = Perfect(RIGHT[None])
    run(network, close_share=0.4, hand_widths=2.5)
    pixels = {"hands": 128, "whole": 192, "close": 96}
    sides = [np.sqrt(np.abs(np.linalg.det(m[:, :, :2]))) * pixels[look] for look, m in network.looked]
    assert sides[0] == sides[1] == pytest.approx(1.7 * 79, rel=0.05)
    assert sides[2] == pytest.approx(2.5 * 79, rel=1e-3)
    assert sides[3] == pytest.approx(1.7 * 79, rel=1e-3)
    assert sides[4] == pytest.approx(1.45 * 79, rel=1e-3)
    assert sides[5] == pytest.approx(0.4 * 79, rel=1e-3)


class Doubtful(Perfect):
    """Takes every object for the usual one, but is surer of what is."""

    def hands(self, matrices: torch.Tensor) -> torch.Tensor:
        return super().hands(matrices) - 0.35 * (torch.linalg.det(matrices[:, :, :2]) > 0)


@pytest.mark.usefixtures("matrices_for_patches")
def test_of_two_opposite_objects_one_is_the_mirror_image():
    def flips(**options: object) -> list[float]:
        network = Doubtful(BOTH)
        run(network, **options)
        return sorted(np.sign(np.linalg.det(network.looked[3][1][:, :, :2])).tolist())

    assert flips(opposite=True) == [-1, 1]
    assert flips() != [-1, 1]


@pytest.mark.usefixtures("matrices_for_patches")
def test_two_squares_that_lead_to_one_object_give_it_once():
    class Twice(Perfect):
        def _places(self, film: torch.Tensor) -> torch.Tensor:
            maps = super()._places(film)
            return torch.maximum(maps, Perfect(self.objects + np.array((0, 60)))._places(film))

    assert run(Perfect(RIGHT[None])).shape[0] == run(Twice(RIGHT[None])).shape[0] == 1


@pytest.mark.usefixtures("matrices_for_patches")
def test_the_close_look_has_the_last_word():
    assert run(Perfect(BOTH, off=0.5), close_share=0.36)[..., :2] == pytest.approx(BOTH + 0.5, abs=0.01)
    assert run(Perfect(BOTH, off=0.5))[..., :2] == pytest.approx(BOTH, abs=0.01)


@pytest.mark.usefixtures("matrices_for_patches")
def test_scales_are_in_pixels_of_the_film():
    assert run(Perfect(RIGHT[None]))[..., 2] == pytest.approx(1.45 * 79 / 192, rel=1e-3)
    assert run(Perfect(RIGHT[None]), close_share=0.4)[..., 2] == pytest.approx(0.4 * 79 / 96, rel=1e-3)


class Opinions(Perfect):
    """The patch around the first point is mistaken about the second one, and knows how much."""

    def __init__(self, sure: float) -> None:
        super().__init__(RIGHT[None], find=False)
        self.sure = sure

    def close(self, matrices: torch.Tensor) -> tuple[torch.Tensor, None]:
        out = self._seen("close", matrices, self.close_patch, 0.0)
        out[0, 1, 0] += 8.0
        out[0, 1, 2] = self.sure
        return out, None


@pytest.mark.usefixtures("matrices_for_patches")
@pytest.mark.parametrize(("share", "expected"), [(1.0, 1), (0.2, 0)])
def test_opinions_count_by_how_sure_they_are_where_the_patch_holds_the_point(share, expected):
    film = torch.zeros(1, 1, 160, 160)
    pixel = share * 79 / 96
    for sure in (1.0, 0.5, 2.0):
        network = Opinions(sure)
        answer = run(network, film, close_share=share)[0]
        matrices = network.looked[-1][1]
        seen = np.linalg.solve(matrices[:, :, :2], (RIGHT[1] - matrices[:, :, 2])[..., None])[..., 0]
        holding = int(((seen > 0.12 * 96) & (seen < 0.88 * 96)).all(axis=1).sum())
        weight = expected * sure**-2 / (sure**-2 + holding - 1) if expected else 0.0
        assert answer[1, 0] - RIGHT[1, 0] == pytest.approx(8 * pixel * weight, abs=0.01)
        assert answer[1, 1] == pytest.approx(RIGHT[1, 1], abs=0.01)
        others = np.delete(answer[:, :2] - RIGHT, 1, axis=0)
        assert others == pytest.approx(0, abs=0.01)
        if expected:
            assert answer[1, 2] == pytest.approx(pixel * np.sqrt(holding / (sure**-2 + holding - 1)), rel=1e-3)


@pytest.mark.usefixtures("matrices_for_patches")
@pytest.mark.parametrize("shape", [(160, 160), (200, 150), (150, 240)])
def test_an_object_that_need_not_be_found_fills_the_film(shape):
    network = Perfect((LEFT - (160, 40))[None], find=False)
    answer = run(network, torch.zeros(1, 1, *shape), widths=[1.3, 1.1])
    assert answer[..., :2] == pytest.approx((LEFT - (160, 40))[None], abs=0.01)
    assert (answer[..., 3] == 1).all()
    first = network.looked[1][1][0]
    assert first @ [95.5, 95.5, 1] == pytest.approx((np.array(shape) - 1) / 2, abs=1e-3)
    assert np.abs(np.linalg.det(first[:, :2])) ** 0.5 * 192 == pytest.approx(max(shape))


def test_nothing_is_found_in_nothing():
    network = LandmarkLooks(points=16, find=True).eval()
    with torch.inference_mode():
        answer = LandmarkLooksInferer(ends=ENDS, widths=[1.5], least_score=0.99)(torch.zeros(1, 1, 130, 100), network)
    assert answer.shape == (1, 0, 16, 4)


def test_one_film_at_a_time():
    with pytest.raises(ValueError, match="one film at a time, got 2"):
        LandmarkLooksInferer(ends=ENDS, widths=[1.5])(torch.zeros(2, 1, 128, 128), None)


def test_a_network_that_reads_places_from_the_patch_finds_them_in_a_real_one():
    """The film shows a bright spot; every point lies there, but for the ends, which lie 20 pixels to its left and right."""

    class Spot:
        points, patch, hand_patch, close_patch, places = 3, 96, 64, 48, None

        def hands(self, patches: torch.Tensor) -> torch.Tensor:
            return torch.arange(len(patches))

        def whole(self, patches: torch.Tensor) -> tuple[torch.Tensor, None]:
            size = patches.shape[-1]
            cells = torch.stack(torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij"), dim=-1)
            middle = (patches[:, 0, ..., None] * cells).sum((1, 2)) / patches.sum((1, 2, 3))[:, None]
            ends = torch.tensor([[-10.0, 0], [0, 0], [10.0, 0]])
            return torch.cat([middle[:, None] + ends, torch.ones(len(patches), 3, 1)], dim=-1), None

        close = whole

    x, y = torch.meshgrid(torch.arange(120), torch.arange(120), indexing="ij")
    film = torch.exp(-((x - 47.0) ** 2 + (y - 71.0) ** 2) / 18)[None, None]
    answer = LandmarkLooksInferer(ends=((0,), (2,)), widths=[1.0, 2.0])(film, Spot())[0, 0]
    assert answer[1, :2].tolist() == pytest.approx([47, 71], abs=0.05)


def square(x: float, width: float) -> list[list[float]]:
    return [[x - width / 2, 0], [x + width / 2, 0], [x - width / 2, width], [x + width / 2, width]]


@pytest.mark.parametrize(
    ("scores", "quads", "most", "expected"),
    [
        ([0.5, 0.9], [square(0, 100), square(55, 100)], 2, [1]),
        ([0.5, 0.9], [square(0, 100), square(65, 100)], 2, [1, 0]),
        ([0.5, 0.9, 0.7], [square(0, 100), square(200, 100), square(400, 100)], 2, [1, 2]),
        ([0.9, 0.8], [square(0, 100), square(35, 50)], 2, [0, 1]),
        ([0.9, 0.8, 0.7], [square(0, 100), square(50, 100), square(100, 100)], 3, [0, 2]),
        ([], np.empty((0, 4, 2)), 2, []),
    ],
)
def test_of_squares_that_overlap_the_best_is_kept(scores, quads, most, expected):
    assert distinct(np.array(scores), np.array(quads, dtype=float), most=most).tolist() == expected


@pytest.fixture(scope="module")
def network() -> LandmarkLooks:
    torch.manual_seed(0)
    return LandmarkLooks(
        points=5, find=True, patch=96, hand_patch=64, close_patch=48, widths=(8, 8, 8, 8, 8), close_widths=(8, 8, 8, 8)
    ).eval()


def test_the_network_gives_what_the_look_at_whole_objects_sees(network):
    patches = torch.rand(2, 1, 96, 96)
    with torch.inference_mode():
        assert torch.equal(network(patches), network.whole(patches)[0])
        assert network(patches).shape == (2, 5, 3)


def test_the_network_can_be_exported(network):
    patches = torch.rand(2, 1, 96, 96)
    with torch.inference_mode():
        expected = network(patches).numpy()
        assert torch.jit.script(network)(patches).numpy() == pytest.approx(expected, abs=1e-4)
        assert torch.jit.trace(network, patches)(patches).numpy() == pytest.approx(expected, abs=1e-4)


def test_without_a_look_from_close_by_the_others_answer():
    network = LandmarkLooks(points=16, find=False, patch=96, hand_patch=64, close_patch=None, widths=(8, 8, 8, 8, 8)).eval()
    assert network.close is None
    assert not any(name.startswith("close") for name in network.state_dict())
    with torch.inference_mode():
        answer = LandmarkLooksInferer(ends=ENDS, widths=[1.5])(torch.rand(1, 1, 96, 96), network)
    assert answer.shape == (1, 1, 16, 4)
    with pytest.raises(ValueError, match="got close"):
        OneLook(network, "close")


@pytest.mark.parametrize("look", ["places", "hands", "whole", "close"])
def test_one_look_is_trained_by_itself(network, look):
    given = torch.rand(1, 1, *{"places": (128, 128), "hands": (64, 64)}.get(look, (96, 96)))
    with torch.no_grad():
        answer, expected = OneLook(network, look)(given), getattr(network, look)(given)
    assert all(torch.equal(a, e) for a, e in zip(answer, expected, strict=True))


def test_a_look_that_is_not_there_cannot_be_trained(network):
    with pytest.raises(ValueError, match="expected places, hands, whole, close, got corners"):
        OneLook(network, "corners")
    with pytest.raises(ValueError, match="got places"):
        OneLook(LandmarkLooks(points=5), "places")


def test_coordinates_are_given_as_looks_give_theirs():
    answer = CoordinatesInferer(size=512)(torch.zeros(1, 1, 512, 512), lambda image: torch.tensor([[[0.25, 0.5], [1.0, 0.0]]]))
    assert answer.tolist() == [[[[128, 256, 1, 1], [512, 0, 1, 1]]]]


def test_hands_can_be_learnt_by_themselves():
    torch.manual_seed(0)
    looks = LandmarkLooks(points=16, hand_patch=64)
    before = looks.whole.maps.weight.clone()
    ramp = torch.linspace(0, 1, 64)[:, None].expand(64, 64)
    patches = torch.stack([ramp, ramp.flip(0)] * 2)[:, None] + 0.1 * torch.rand(4, 1, 64, 64)
    points = torch.as_tensor(np.stack([KNEE, KNEE * MIRROR] * 2), dtype=torch.float32)
    network, loss = OneLook(looks, "hands"), HandsLoss(ends=ENDS)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)
    values = []
    for _ in range(12):
        value = loss(network(patches), points)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(float(value.detach()))
    assert values[-1] < 0.5 * values[0]
    assert torch.equal(looks.whole.maps.weight, before)


def test_the_loss_of_hands_asks_where_the_first_end_lies():
    points = torch.as_tensor(np.stack([KNEE, KNEE * MIRROR]), dtype=torch.float32)
    loss = HandsLoss(ends=ENDS)
    assert loss(torch.tensor([-9.0, 9.0]), points) < 0.01
    assert loss(torch.tensor([9.0, -9.0]), points) == pytest.approx(9, abs=0.01)


def test_patches_whose_ends_are_not_known_teach_nothing():
    points = torch.as_tensor(np.stack([KNEE, KNEE]), dtype=torch.float32)
    points[1, 7] = torch.nan
    loss, logits = HandsLoss(ends=ENDS), torch.tensor([1.0, 5.0], requires_grad=True)
    loss(logits, points).backward()
    assert logits.grad[0] > 0
    assert logits.grad[1] == 0
    assert loss(logits, points * torch.nan) == 0
