"""Training views of a film's only object."""

import numpy as np
import pytest
import torch

from msk_monai.transforms import RandSquareViewd
from tests.knees import ENDS, KNEE, turned
from tests.transforms.films import film

STILL = {"shift": 0.0, "turn_deg": 0.0, "zoom": 0.0, "stretch": 0.0}
SIZE = 30


def view(data, seed=0, **options):
    settings = {"size": SIZE, "widths": 1.5, "usual": (0.5, 0.6, 0.4), "ends": ENDS, **STILL, **options}
    transform = RandSquareViewd(**settings)
    transform.set_random_state(seed=seed)
    return transform(data)["image"]


def ramps(columns=200, rows=220):
    x, y = torch.meshgrid(torch.arange(float(columns)), torch.arange(float(rows)), indexing="ij")
    return x[None], y[None]


def unmirrored(one):
    """A view that may be mirrored, with columns that grow."""
    return one if one[0, -1, 0] > one[0, 0, 0] else one.flip(1)


def test_without_points_the_usual_square_is_shown():
    across, down = ramps()
    cells = (np.arange(SIZE) - (SIZE - 1) / 2) * 1.5 * 0.4 * 200 / SIZE
    x, y = unmirrored(view({"image": across}))[0], view({"image": down})[0]
    assert x.shape == (SIZE, SIZE)
    assert x[:, 7].tolist() == pytest.approx(0.5 * 200 - 0.5 + cells, abs=0.02)
    assert y[7].tolist() == pytest.approx(0.6 * 220 - 0.5 + cells, abs=0.02)


def test_with_points_the_square_is_theirs():
    points = np.add(turned(KNEE, 12), (95, 118))
    across, down = ramps()
    known = {"points": points.tolist()}
    x, y = view({"image": across, **known}, widths=1.2)[0], view({"image": down, **known}, widths=1.2)[0]
    lateral, medial = (points[list(end)].mean(axis=0) for end in ENDS)
    cells = (SIZE - 1) / 2 + np.array([0.5, -0.5]) * SIZE / 1.2  # the ends are a width apart
    if y[-1, 15] < y[0, 15]:  # mirrored: the medial side of a knee turned clockwise is the lower one
        x, y = x.flip(0), y.flip(0)
    assert [float(x.mean()), float(y.mean())] == pytest.approx((lateral + medial) / 2, abs=0.02)
    along = np.array([float(v[-1].mean() - v[0].mean()) / (SIZE - 1) for v in (x, y)])
    assert along * (cells[0] - cells[1]) == pytest.approx(medial - lateral, abs=0.05)


def test_half_of_the_views_are_mirrored():
    across, _ = ramps()
    views = [view({"image": across}, seed=seed) for seed in range(40)]
    mirrored = [bool(one[0, -1, 0] < one[0, 0, 0]) for one in views]
    assert 10 <= sum(mirrored) <= 30
    torch.testing.assert_close(views[mirrored.index(True)], views[mirrored.index(False)].flip(1), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("option", "seen"),
    [({"shift": 0.1}, "place"), ({"turn_deg": 10.0}, "direction"), ({"zoom": 0.2}, "size"), ({"stretch": 0.3}, "ratio")],
)
def test_each_jitter_changes_what_it_says(option, seen):
    across, down = ramps()

    def measured(**options):
        x, y = (view({"image": one}, seed=3, **options)[0].double() for one in (across, down))
        linear = np.array([[float(v.diff(dim=axis).mean()) for axis in (0, 1)] for v in (x, y)])
        sides = np.linalg.norm(linear, axis=0)
        turn = np.arctan2(linear[0, 1], linear[1, 1])
        return {"place": (float(x.mean()), float(y.mean())), "direction": turn, "size": np.sqrt(sides.prod()), "ratio": sides[0] / sides[1]}

    plain, changed = measured(), measured(**option)
    same = {name for name in plain if changed[name] == pytest.approx(plain[name], abs=1e-2)}
    assert same == plain.keys() - {seen}


def test_draws_follow_the_seed():
    data = {"image": film(200, 220), "label": 3}
    jitter = {"shift": 0.03, "turn_deg": 5.0, "zoom": 0.06, "stretch": 0.03}
    one, again, other = (view(data, seed=seed, **jitter) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert type(one) is torch.Tensor
