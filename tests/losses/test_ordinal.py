"""The loss of ordered grades."""

import numpy as np
import pytest
import torch

from msk_monai.losses import GradeCrossEntropyLoss, OrdinalLoss
from msk_monai.losses.ordinal import grade_log_probabilities
from msk_monai.measure.ordinal import grade_probabilities

LOGITS = torch.tensor([[2.0, 0.5, -1.0, -2.5], [4.0, 3.0, 1.0, 0.5]])


def test_logarithms_are_those_of_the_probabilities():
    rng = np.random.default_rng(0)
    logits = rng.uniform(-9, 9, (200, 1)) - np.cumsum(rng.uniform(0.01, 2, (200, 4)), axis=1)
    found = grade_log_probabilities(torch.as_tensor(logits)).numpy()
    assert found == pytest.approx(np.log(grade_probabilities(logits)), abs=1e-5)
    single = grade_log_probabilities(torch.as_tensor(logits, dtype=torch.float32)).numpy()
    assert single == pytest.approx(found, abs=1e-3)
    assert grade_log_probabilities(torch.tensor([[0.0]])).exp().tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("row", [(50, 40, -40, -50), (50, 49, 48, 47), (-47, -48, -49, -50), (50, 50, 50, 50), (-50, -50, -50, -50)])
def test_far_and_equal_logits_have_finite_logarithms_and_gradients(row):
    logits = torch.tensor([row], dtype=torch.float32, requires_grad=True)
    values = grade_log_probabilities(logits)
    values.sum().backward()
    assert torch.isfinite(values).all()
    assert (values <= 0).all()
    assert torch.isfinite(logits.grad).all()


def test_the_loss_is_the_mean_log_likelihood():
    expected = -np.log(grade_probabilities(LOGITS.double().numpy())[[0, 1], [1, 4]]).mean()
    assert float(OrdinalLoss()(LOGITS, torch.tensor([1, 4]))) == pytest.approx(expected, abs=1e-6)
    assert OrdinalLoss()(LOGITS, torch.tensor([[1.0], [4.0]])) == OrdinalLoss()(LOGITS, torch.tensor([1, 4]))


def test_grades_that_are_not_known_count_nothing():
    loss = OrdinalLoss(smoothing=0.1)
    logits = LOGITS.clone().requires_grad_()
    some = loss(logits, torch.tensor([2, -1]))
    some.backward()
    assert float(some.detach()) == pytest.approx(float(loss(LOGITS[:1], torch.tensor([2]))))
    assert logits.grad[0].abs().max() > 0
    assert logits.grad[1].tolist() == [0, 0, 0, 0]
    logits.grad = None
    none = loss(logits, torch.tensor([-1, -1]))
    none.backward()
    assert float(none.detach()) == 0
    assert logits.grad.tolist() == [[0] * 4] * 2


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("grade", range(5))
def test_the_right_grade_costs_least_and_a_far_one_most(grade, smoothing):
    thresholds = torch.tensor([0.5, 1.5, 2.5, 3.5])
    logits = 6 * (grade - thresholds)[None]
    costs = [float(OrdinalLoss(smoothing=smoothing)(logits, torch.tensor([other]))) for other in range(5)]
    order = sorted(range(5), key=lambda other: costs[other])
    assert order[0] == grade
    assert abs(order[-1] - grade) == max(grade, 4 - grade)


def test_smoothing_gives_a_share_to_both_neighbours():
    log = grade_log_probabilities(LOGITS[:1])[0]

    def cost(grade):
        return float(OrdinalLoss(smoothing=0.2)(LOGITS[:1], torch.tensor([grade])))

    assert cost(2) == pytest.approx(-float(0.8 * log[2] + 0.1 * log[1] + 0.1 * log[3]), abs=1e-6)
    assert cost(0) == pytest.approx(-float(0.9 * log[0] + 0.1 * log[1]), abs=1e-6)  # the neighbour that is not there is itself
    assert cost(4) == pytest.approx(-float(0.9 * log[4] + 0.1 * log[3]), abs=1e-6)


def test_the_references_loss_is_cross_entropy_of_the_known_grades():
    logits = torch.tensor([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0], [9.0, 0.0, 0.0]], requires_grad=True)
    expected = -torch.log_softmax(logits[:2], dim=1)[[0, 1], [2, 1]].mean()
    loss = GradeCrossEntropyLoss()(logits, torch.tensor([[2.0], [1.0], [-1.0]]))
    assert loss.item() == pytest.approx(expected.item())
    loss.backward()
    assert not logits.grad[2].any()
    none = GradeCrossEntropyLoss()(logits, torch.tensor([-1, -1, -1]))
    none.backward()
    assert none.item() == 0
