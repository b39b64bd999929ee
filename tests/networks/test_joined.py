"""Weights of several trainings in one network."""

import pytest
import torch
from torch import nn

from msk_monai.errors import BundleError
from msk_monai.networks import joined_weights


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.find = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        self.grade = nn.Linear(3, 1)


@pytest.fixture
def sources(tmp_path):
    """Each half of the network as its own training saved it; the first file holds both."""
    torch.manual_seed(0)
    whole, grade = Both(), nn.Linear(3, 1)
    torch.save(whole.state_dict(), tmp_path / "whole.pt")
    torch.save(grade.state_dict(), tmp_path / "grade.pt")
    return whole, grade, tmp_path


def test_each_source_gives_what_it_made(sources):
    whole, grade, folder = sources
    network = Both()
    found = joined_weights(
        [{"file": folder / "whole.pt", "take": "find."}, {"file": str(folder / "grade.pt"), "give": "grade."}], network, half=False
    )
    assert list(found) == list(network.state_dict())
    assert torch.equal(found["find.0.weight"], whole.find[0].weight)
    assert torch.equal(found["grade.weight"], grade.weight)
    assert all(torch.equal(value, found[name]) for name, value in network.state_dict().items())


def test_names_are_given_another_beginning_and_the_last_source_counts(sources):
    whole, grade, folder = sources
    torch.save({f"net.{name}": value + 1 for name, value in grade.state_dict().items()}, folder / "other.pt")
    found = joined_weights(
        [{"file": folder / "whole.pt"}, {"file": folder / "other.pt", "take": "net.", "give": "grade."}], Both(), half=False
    )
    assert torch.equal(found["grade.bias"], grade.bias + 1)
    assert torch.equal(found["find.0.bias"], whole.find[0].bias)


def test_halves_are_stored_and_numbers_stay_whole(sources):
    whole, _, folder = sources
    network = Both()
    found = joined_weights([{"file": folder / "whole.pt"}], network)
    assert {value.dtype for value in found.values()} == {torch.float16, torch.int64}
    assert found["find.1.num_batches_tracked"].dtype == torch.int64
    assert network.grade.weight.dtype == torch.float32
    assert torch.equal(network.grade.weight, found["grade.weight"].float())  # the network is what is stored
    torch.testing.assert_close(network.grade.weight, whole.grade.weight, rtol=1e-3, atol=1e-3)


def test_what_cannot_be_joined(sources):
    _, _, folder = sources
    with pytest.raises(BundleError, match=r"nothing\.pt: no such file of weights"):
        joined_weights([{"file": folder / "nothing.pt"}], Both())
    with pytest.raises(BundleError, match=r"no source gives 2 weights of the network, grade\.weight among them"):
        joined_weights([{"file": folder / "whole.pt", "take": "find."}], Both())
    torch.save(nn.Linear(4, 1).state_dict(), folder / "wide.pt")
    with pytest.raises(BundleError, match=r"do not fit the network: .*size mismatch for grade\.weight") as fault:
        joined_weights([{"file": folder / "whole.pt"}, {"file": folder / "wide.pt", "give": "grade."}], Both())
    assert "\n" not in str(fault.value)
