"""A film's objects, each graded in its own view."""

import numpy as np
import pytest
import torch
from torch import nn

from msk_monai.networks import GradedLandmarks, GradedLandmarksInferer, LandmarkLooks
from tests.knees import ENDS, KNEE, MIRROR, turned

RIGHT, LEFT = np.add(KNEE, (90, 110)), turned(KNEE * MIRROR, 20) * 0.8 + (230, 120)
SIZE = 48


def middle(points):
    """Between the ends: of a view that follows the object the centre."""
    return (points[list(ENDS[0])].mean(axis=0) + points[list(ENDS[1])].mean(axis=0)) / 2


class Known:
    """Has found the objects."""

    ends = ENDS

    def __init__(self, *objects):
        rows = [np.column_stack([points, np.ones(16), np.full(16, 0.9)]) for points in objects]
        self.answer = torch.tensor(np.array(rows).reshape(1, -1, 16, 4), dtype=torch.float32)

    def __call__(self, film, looks):
        assert film.shape[:2] == (1, 1)
        assert looks == "looks"
        return self.answer


class Seeing:
    """Answers with the brightness of a view's left and right half."""

    looks = "looks"

    def grade(self, views):
        self.views = views
        return torch.stack([views[:, 0, : SIZE // 2].mean((1, 2)), 3 * views[:, 0, SIZE // 2 :].mean((1, 2))], dim=1)


def spots(*places):
    x, y = torch.meshgrid(torch.arange(320.0), torch.arange(240.0), indexing="ij")
    return sum(torch.exp(-((x - a) ** 2 + (y - b) ** 2) / 18) for a, b in places)[None]


def run(film, *objects, widths=1.2):
    network = Seeing()
    answer = GradedLandmarksInferer(landmarks=Known(*objects), size=SIZE, widths=widths)({"image": film}, network, device="cpu")
    return answer, network


def brightest(view):
    """Where the mean of a view's brightness lies."""
    cells = torch.arange(SIZE, dtype=torch.float32)
    return [float((view[0].sum(1 - axis) * cells).sum() / view.sum()) for axis in (0, 1)]


def test_each_view_is_centred_on_its_object_as_it_is_and_mirrored():
    answer, network = run(spots(middle(RIGHT), middle(LEFT)), RIGHT, LEFT)
    assert network.views.shape == (4, 1, SIZE, SIZE)
    assert all(brightest(view) == pytest.approx([(SIZE - 1) / 2] * 2, abs=0.05) for view in network.views)
    assert answer.points[..., :2] == pytest.approx(np.stack([RIGHT, LEFT]), abs=1e-3)
    assert answer.logits.shape == (2, 2)


def test_a_view_follows_the_objects_direction_and_size():
    lateral, medial = (LEFT[list(end)].mean(axis=0) for end in ENDS)
    _, network = run(spots(medial * 0.75 + lateral * 0.25), LEFT)
    plain, other = network.views
    step = SIZE / 1.2 / 4  # a quarter of the object's width, along the row; the medial end of a left knee is on the image's left
    assert brightest(plain) == pytest.approx([(SIZE - 1) / 2 - step, (SIZE - 1) / 2], abs=0.1)
    torch.testing.assert_close(other, plain.flip(1), rtol=1e-3, atol=1e-4)


def test_the_answer_is_the_mean_of_both_views():
    film = spots(middle(RIGHT) - (20, 0))
    answer, network = run(film, RIGHT)
    left, right = (float(half.mean()) for half in (network.views[0, 0, : SIZE // 2], network.views[0, 0, SIZE // 2 :]))
    assert left > 10 * right
    assert answer.logits[0] == pytest.approx([(left + right) / 2, 3 * (left + right) / 2], rel=1e-3)


def test_without_objects_nothing_is_graded():
    network = Seeing()
    answer = GradedLandmarksInferer(landmarks=Known(), size=SIZE, widths=1.2)({"image": spots((9, 9))}, network, device="cpu")
    assert answer.points.shape == (0, 16, 4)
    assert len(answer.logits) == 0
    assert not hasattr(network, "views")


def test_the_network_alone_grades_a_view():
    grade = nn.Sequential(nn.Flatten(), nn.Linear(16, 4))
    looks = LandmarkLooks(points=3, find=True, patch=32, hand_patch=32, close_patch=None, widths=(4, 4, 4, 4, 4))
    network = GradedLandmarks(looks=looks, grade=grade)
    view = torch.rand(2, 1, 4, 4)
    with torch.inference_mode():
        assert torch.equal(network(view), grade(view))
    assert {name.split(".")[0] for name in network.state_dict()} == {"looks", "grade"}
