import numpy as np
import pytest
import torch

from msk_monai.geometry import quads
from msk_monai.losses import NamesLoss, PlacesLoss, SoftPointsLoss
from msk_monai.losses.vertebra_maps import cell_targets
from msk_monai.networks import (
    BFloat16Inferer,
    FilmLooks,
    FilmLooksInferer,
    NamesTraining,
    OneLook,
    film_looks_inferer,
)
from msk_monai.networks.film_looks import Rows
from msk_monai.networks.film_looks_inferer import completed, nearness, places_seen
from msk_monai.networks.soft_points import expected_place
from msk_monai.transforms import RandVertebraRowd
from tests.transforms.films import column

LEVELS = 5
VIEW = (128, 192)


@pytest.fixture(scope="module")
def network() -> FilmLooks:
    torch.manual_seed(0)
    return FilmLooks(levels=LEVELS).eval()


def test_maps_are_an_eighth_of_the_film(network):
    with torch.inference_mode():
        assert network(torch.rand(1, 1, 128, 256)).shape == (1, 9, 16, 32)


def test_expected_place_of_a_single_peak():
    logits = torch.full((1, 1, 48, 48), -50.0)
    logits[0, 0, 10, 30] = 50.0
    assert expected_place(logits)[0, 0].tolist() == pytest.approx([20.5, 60.5], abs=1e-3)


def test_targets_are_highest_at_the_centre_of_their_own_vertebra():
    corners = torch.tensor(column(3, x=60, top=40, pitch=40), dtype=torch.float32)[None]
    corners[0, 1] = torch.nan
    targets = cell_targets(corners, (16, 16), cell=8)
    peak = (targets.nearness[0] == targets.nearness[0].max()).nonzero()[0].tolist()
    assert peak in ([7, 4], [7, 5], [7, 14], [7, 15])
    assert targets.vertebra[0, 7, 4] == 0
    assert targets.vertebra[0, 7, 14] == 2
    assert float(targets.nearness[0, 7, 9]) < 0.01  # where the unknown one lies
    assert torch.isfinite(targets.nearness).all()


def batch(corners: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Image and points of two films; of the second one vertebra is unknown."""
    points = torch.tensor(corners.reshape(-1, 2), dtype=torch.float32)[None].repeat(2, 1, 1)
    points[1, 4:8] = torch.nan
    return torch.rand(2, 1, 128, 256), points


def losses_of(network: torch.nn.Module, loss: torch.nn.Module, points: torch.Tensor, *inputs: torch.Tensor) -> list[float]:
    optimizer, values = torch.optim.AdamW(network.parameters(), 2e-3), []
    for _ in range(8):
        value = loss(network(*inputs), points)
        optimizer.zero_grad()
        value.backward()
        assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)
        optimizer.step()
        values.append(float(value.detach()))
    return values


def test_places_can_be_learnt_though_corners_are_unknown():
    torch.manual_seed(0)
    image, points = batch(column(LEVELS, x=64, top=30, pitch=28))
    values = losses_of(OneLook(FilmLooks(levels=LEVELS), "places"), PlacesLoss(), points, image)
    assert values[-1] < 0.8 * values[0]


@pytest.mark.parametrize(("look", "count"), [("corners", 8), ("facing", 4)])
def test_points_of_patches_can_be_learnt_by_themselves(look, count):
    torch.manual_seed(0)
    looks = FilmLooks(levels=LEVELS)
    before = looks.places.head[1].weight.clone()
    points = torch.rand(3, count, 2) * 60 + 16
    points[1, 0] = torch.nan
    values = losses_of(OneLook(looks, look), SoftPointsLoss(), points, torch.rand(3, 1, 96, 96))
    assert values[-1] < 0.9 * values[0]
    assert torch.equal(looks.places.head[1].weight, before)


def test_names_can_be_learnt_by_themselves():
    torch.manual_seed(0)
    image, points = batch(column(LEVELS, x=64, top=30, pitch=28))
    drawn = [
        RandVertebraRowd(size=VIEW, pixels=20, cut=0.0)({"image": one, "label": known}) for one, known in zip(image, points, strict=True)
    ]
    looks = FilmLooks(levels=LEVELS, name_view=VIEW, name_pixels=20)
    before = looks.places.head[1].weight.clone()
    views, rows = (torch.stack([one[key] for one in drawn]) for key in ("image", "row_members"))
    values = losses_of(NamesTraining(looks), NamesLoss(), points, views, rows)
    assert values[-1] < 0.7 * values[0]
    assert torch.equal(looks.places.head[1].weight, before)


def test_a_view_without_vertebrae_has_a_finite_loss(network):
    image, points = torch.rand(1, 1, 128, 128), torch.full((1, 4 * LEVELS, 2), torch.nan)
    assert torch.isfinite(PlacesLoss()(BFloat16Inferer()(image, OneLook(network, "places")), points))
    assert SoftPointsLoss()(BFloat16Inferer()(image, OneLook(network, "facing")), points[:, :4]) == 0
    rows = BFloat16Inferer()(torch.rand(1, 1, *network.name_view), NamesTraining(network), torch.full((1, 7, 7), -1.0))
    assert NamesLoss()(rows, points) == 0


@pytest.mark.parametrize("beyond", [[30.0, 97.0], [97.0, 30.0], [-1.0, 30.0], [30.0, 0.5]])
def test_points_beyond_their_patch_teach_nothing(beyond):
    answers, logits = torch.rand(1, 2, 3) + 30, torch.rand(1, 2, 48, 48)
    both, one = (SoftPointsLoss()((answers, logits), torch.tensor([[[30.0, 40.0], other]])) for other in (beyond, [torch.nan] * 2))
    assert both == one


def test_the_best_scale_is_the_mean_error():
    points, logits = torch.full((1, 1, 2), 40.0), torch.zeros(1, 1, 48, 48)
    loss = SoftPointsLoss(map_weight=0.0)
    values = {scale: float(loss((torch.tensor([[[37.0, 41.0, scale]]]), logits), points)) for scale in (1.0, 1.8, 2.0, 2.2, 4.0)}
    assert min(values, key=values.__getitem__) == 2.0
    assert values[2.0] == pytest.approx(1 + np.log(4))


def test_another_look_is_not_known(network):
    with pytest.raises(ValueError, match="expected places, corners, facing, got names"):
        OneLook(network, "names")


def test_rows_of_several_films_are_read_apart(network):
    views = torch.rand(2, 1, *network.name_view)
    rows = [torch.rand(count, 6) * 90 for count in (3, 4)]
    with torch.inference_mode():
        together = network.names(views, rows)
        apart = torch.cat([network.names(view[None], [row]) for view, row in zip(views, rows, strict=True)])
    assert together.shape == (7, LEVELS + 2)
    assert together.numpy() == pytest.approx(apart.numpy(), abs=1e-4)


def test_a_member_takes_what_lies_around_it():
    near, deep = torch.zeros(1, 48, 120), torch.zeros(1, 6, 15)
    near[0, 20, 30] = 1.0  # the place (81.5, 121.5) of the view
    look = FilmLooks(levels=LEVELS).names
    members = torch.tensor([[81.5, 121.5], [81.5 + 0.45 * 28, 121.5], [20.0, 300.0]])
    window = look._around(near, deep, members)[:, :25].unflatten(1, (5, 5))
    assert [one.nonzero().tolist() for one in window] == [[[2, 2]], [[1, 2]], []]


@pytest.mark.parametrize("off", [0, 1])
def test_the_loss_of_a_row_asks_whether_all_of_it_is_off(off):
    right = torch.arange(1, 6)
    logits = 9.0 * torch.nn.functional.one_hot((right + off).clamp(max=LEVELS + 1), LEVELS + 2)
    points = torch.zeros(1, 1, 2)
    with_row, without = (NamesLoss(row_weight=w)(Rows([logits], [right]), points) for w in (1.0, 0.0))
    assert (with_row - without > 1.0) == bool(off)


def test_the_right_naming_of_a_row_that_begins_beyond_the_levels():
    wanted = torch.tensor([0, 1, 3])
    logits = 30.0 * torch.nn.functional.one_hot(wanted, LEVELS + 2)
    alone = NamesLoss(row_weight=1.0)(Rows([logits], [wanted]), torch.zeros(1, 1, 2)) - NamesLoss(row_weight=0.0)(
        Rows([logits], [wanted]), torch.zeros(1, 1, 2)
    )
    assert alone < 0.5


@pytest.mark.parametrize("only", [0, LEVELS + 1])
def test_a_row_of_a_neighbour_alone_has_no_naming(only):
    rows, points = Rows([torch.zeros(1, LEVELS + 2)], [torch.tensor([only])]), torch.zeros(1, 1, 2)
    assert NamesLoss(row_weight=5.0)(rows, points) == NamesLoss(row_weight=0.0)(rows, points)


def maps_of(corners: np.ndarray, size: tuple[int, int]) -> torch.Tensor:
    """What a perfect first look says."""
    known = torch.tensor(corners, dtype=torch.float32)[None]
    targets = cell_targets(known, size, cell=8)
    cells = torch.stack(torch.meshgrid(*(torch.arange(n) * 8 + 3.5 for n in size), indexing="ij"))
    ways = (known[0, targets.vertebra[0]].permute(2, 3, 0, 1) - cells) / 64
    return torch.cat([torch.logit(targets.nearness, eps=1e-3), ways.flatten(0, 1)])


def test_places_seen_are_the_vertebrae():
    corners = column(LEVELS, x=64, top=40, pitch=28)
    score, seen = places_seen(maps_of(corners, (16, 32)), least_score=0.3)
    assert len(score) == LEVELS
    assert seen[np.argsort(seen[:, 0, 1])] == pytest.approx(corners, abs=0.05)


def scale_of(matrices: torch.Tensor, size: int) -> list[float]:
    """Sides of patches in pixels of the film."""
    return (matrices.double()[:, :, :2].det().abs().sqrt() * size).tolist()


class PerfectNames:
    """Knows a vertebra's name by its place; it is given the view's matrix in place of the view."""

    def __init__(self, vertebrae: np.ndarray, first: int) -> None:
        self.vertebrae, self.first = vertebrae, first

    def __call__(self, matrix: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
        to_image = matrix.double().numpy()[0]
        places = members[0].double().numpy()[:, :2] @ to_image[:, :2].T + to_image[:, 2]
        nearest = np.linalg.norm(places[:, None] - self.vertebrae.mean(axis=1), axis=-1).argmin(axis=1)
        return torch.nn.functional.one_hot(torch.as_tensor(nearest) + self.first + 1, LEVELS + 2).float() * 9


class Perfect:
    """A network that sees every vertebra's name and corners; it is given the patches' matrices in place of the patches."""

    corner_patch, facing_patch, levels = 96, 128, LEVELS
    name_view, name_pixels = VIEW, 20.0

    def __init__(self, corners: np.ndarray, first: int, *, apart: float = 0.0) -> None:
        self.vertebrae, self.apart = corners, apart
        self.looked_at: list[tuple[str, list[float]]] = []
        self.names = PerfectNames(corners, first)

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        return maps_of(self.vertebrae, (image.shape[2] // 8, image.shape[3] // 8))[None]

    def corners(self, matrices: torch.Tensor) -> tuple[torch.Tensor, None]:
        self.looked_at.append(("corners", scale_of(matrices, 96)))
        return self._seen(matrices, self.vertebrae, quads.with_facing(self.vertebrae), 95), None

    def facing(self, matrices: torch.Tensor) -> tuple[torch.Tensor, None]:
        self.looked_at.append(("facing", scale_of(matrices, 128)))
        spaces = quads.between(self.vertebrae)
        return self._seen(matrices, spaces, spaces + self.apart, 127), None

    def _seen(self, matrices: torch.Tensor, around: np.ndarray, points: np.ndarray, last: int) -> torch.Tensor:
        out = torch.full((len(matrices), points.shape[1], 3), 1.0)
        for row, matrix in zip(out, matrices.double().numpy(), strict=True):
            own = int(np.linalg.norm(around.mean(axis=1) - matrix @ [last / 2, last / 2, 1], axis=1).argmin())
            places = np.nan_to_num(np.linalg.solve(matrix[:, :2], (points[own] - matrix[:, 2]).T).T)
            if np.linalg.det(matrix[:, :2]) < 0:  # a mirrored patch: left is right in it
                places = places[[1, 0, 3, 2, 5, 4, 7, 6][: len(places)]]
            row[:, :2] = torch.as_tensor(places)
        return out


@pytest.mark.parametrize("first", [0, 1, -1])
def test_inferer_gives_every_level_its_corners(first, monkeypatch):
    monkeypatch.setattr(film_looks_inferer, "reduced", lambda images, matrices, size: matrices.flatten(0, 1))
    corners = column(LEVELS, x=64, top=40, pitch=28) + np.random.default_rng(0).normal(0, 1.5, (LEVELS, 4, 2))
    answer = FilmLooksInferer()(torch.zeros(1, 1, 128, 256), Perfect(corners, first))[0].numpy()
    assert answer.shape == (LEVELS, 4, 5)
    there = range(max(first, 0), min(LEVELS + first, LEVELS))
    assert answer[list(there), :, :2] == pytest.approx(corners[[level - first for level in there]], abs=0.01)
    assert (answer[:, 0, 3] > 0).sum() == len(there)
    assert (answer[list(there), :, 2] > 0).all()
    assert answer[there[0], 0, 4] > 0.9


def test_facing_endplates_are_looked_at_where_they_are_asked_for(monkeypatch):
    monkeypatch.setattr(film_looks_inferer, "reduced", lambda images, matrices, size: matrices.flatten(0, 1))
    corners = column(LEVELS, x=64, top=40, pitch=28)
    answer = FilmLooksInferer(facing=[2, LEVELS - 1])(torch.zeros(1, 1, 128, 256), Perfect(corners, 0, apart=0.5))[0].numpy()
    moved = answer[:, :, :2] - corners
    assert moved[2, 2:] == pytest.approx(0.5, abs=0.01)
    assert moved[3, :2] == pytest.approx(0.5, abs=0.01)
    moved[2, 2:], moved[3, :2] = 0, 0
    assert moved == pytest.approx(0, abs=0.01)


def test_corners_are_looked_at_from_afar_then_from_close_by_then_the_space_between(monkeypatch):
    monkeypatch.setattr(film_looks_inferer, "reduced", lambda images, matrices, size: matrices.flatten(0, 1))
    perfect = Perfect(column(LEVELS, x=64, top=40, pitch=28), 0)  # 40 pixels wide
    FilmLooksInferer(corner_widths=[2.0, 1.5], facing=[1], facing_widths=1.25)(torch.zeros(1, 1, 128, 256), perfect)
    (first, far), (second, near), (third, between) = perfect.looked_at
    assert (first, second, third) == ("corners", "corners", "facing")
    assert far == pytest.approx([80] * LEVELS, abs=0.5)
    assert near == pytest.approx([60] * 2 * LEVELS, abs=0.1)  # each also mirrored
    assert between == pytest.approx([50] * 2, abs=0.1)


def test_opinions_count_by_how_sure_they_are_and_only_between_neighbours():
    points, weight = np.zeros((1, 3, 8, 2)), np.ones((1, 3, 8))
    points[0, 1, 4:6] = 3.0  # what the second says of the first one's lower corners
    weight[0, 1, 4:6] = 2.0
    points[0, 2, 4:6] = 9.0  # the third is no neighbour of the second
    corners, scale = film_looks_inferer._agreed(points, weight, np.array([0]))
    assert corners[0, 2:] == pytest.approx(2.0)
    assert corners[1:] == pytest.approx(0.0)
    assert scale[0, 2:] == pytest.approx((2 / 3) ** 0.5)
    assert scale[2] == pytest.approx(1.0)


def test_a_neighbours_corners_beyond_the_patch_are_not_asked_for(monkeypatch):
    monkeypatch.setattr(film_looks_inferer, "reduced", lambda images, matrices, size: matrices.flatten(0, 1))
    corners = column(3, x=64, top=20, pitch=80)  # far apart: 1.5 widths hold a vertebra, and nothing of the next
    perfect = Perfect(corners, 0)
    for widths, heard in ((1.5, 0), (6.0, 2 * 4)):
        _, weight = film_looks_inferer._seen(torch.zeros(1, 1, 128, 256), perfect.corners, 96, corners, widths, [(1.0, False), (1.0, True)])
        assert np.count_nonzero(weight[:, :, :4]) == 2 * 3 * 4
        assert np.count_nonzero(weight[:, :, 4:]) == 2 * heard


def test_a_vertebra_that_was_not_seen_lies_where_the_row_leads(monkeypatch):
    monkeypatch.setattr(film_looks_inferer, "reduced", lambda images, matrices, size: matrices.flatten(0, 1))
    corners = column(LEVELS, x=64, top=60, pitch=28)
    answer = FilmLooksInferer()(torch.zeros(1, 1, 128, 256), Perfect(corners[1:], 1))[0].numpy()
    assert answer[:, :, :2] == pytest.approx(corners, abs=0.05)
    assert (answer[1:, :, 3] > 0.5).all()
    assert (answer[0, :, 3] == 0).all()
    assert answer[0, :, 2] == pytest.approx(40, abs=0.1)  # its own width


def test_nothing_is_found_in_nothing(network):
    with torch.inference_mode():
        answer = FilmLooksInferer(least_score=0.9)(torch.zeros(1, 1, 128, 128), network)
    assert torch.isnan(answer).all()


def test_one_film_at_a_time(network):
    with pytest.raises(ValueError, match="one film"):
        FilmLooksInferer()(torch.zeros(2, 1, 128, 128), network)


def test_a_vertebra_passed_over_is_put_in_between_its_neighbours_and_beyond_them():
    corners = column(5, x=64, top=40, pitch=28)
    levels, filled = completed(np.array([1, 2, 4]), corners[[1, 2, 4]], 5)
    assert levels.tolist() == [0, 1, 2, 3, 4]
    assert filled == pytest.approx(corners)


def test_members_that_are_no_levels_are_dropped_but_show_the_way():
    corners = column(5, x=64, top=40, pitch=28)
    levels, filled = completed(np.array([-1, 0, 1, 3, 4]), corners, 4)
    assert levels.tolist() == [0, 1, 2, 3]
    assert filled[[0, 1, 3]] == pytest.approx(corners[[1, 2, 3]])


def test_nearness_beyond_the_film_is_nothing():
    corners = column(3, x=64, top=40, pitch=100)
    near = nearness(maps_of(corners, (16, 32)), corners + np.array([[[0, 0]], [[200, 0]], [[0, 100]]]))
    assert near[0] > 0.5
    assert near[1:].tolist() == [0, 0]
