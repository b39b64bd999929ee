import pytest
import torch

from msk_monai.errors import BundleError
from msk_monai.runner.weights import load_weights


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a plain state dict, got a file that cannot be read as one"),
        (b"junk", "expected a plain state dict, got a file that cannot be read as one"),
        ([1], "expected a state dict, got list"),
        ({1: torch.ones(1)}, "expected a state dict, got dict with names that are no texts"),
        ({"a": 5}, "the weights do not fit the network"),
    ],
)
def test_what_is_no_state_dict_ends_in_one_line(tmp_path, content, message):
    path = tmp_path / "a.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(BundleError, match=message) as caught:
        load_weights(torch.nn.Linear(1, 1), path, "cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_torchscript_is_not_loaded(tmp_path):
    torch.jit.script(torch.nn.Linear(1, 1)).save(tmp_path / "a.ts")
    with pytest.raises(BundleError, match="cannot be read as one"):
        load_weights(torch.nn.Linear(1, 1), tmp_path / "a.ts", "cpu")
