"""Loading a bundle's weights into its network."""

from pathlib import Path

import torch

from msk_monai.errors import BundleError


def load_weights(network: torch.nn.Module, path: str | Path, device: torch.device | str) -> None:
    """Load a state dict, and nothing that could run code, into a network.

    Args:
        network: takes every tensor of the file, and no other.
        path: a file written by ``torch.save(network.state_dict(), path)``.
        device: where the tensors go.

    Raises:
        BundleError: the file is missing, is not a plain state dict, or does not fit the network.
    """
    if not Path(path).is_file():
        raise BundleError(f"{path}: no weights there")
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except Exception as fault:  # torch raises whatever its formats' readers do
        raise BundleError(f"{path}: expected a plain state dict, got a file that cannot be read as one ({type(fault).__name__})") from fault
    if not isinstance(state, dict):
        raise BundleError(f"{path}: expected a state dict, got {type(state).__name__}")
    if not all(isinstance(name, str) for name in state):
        raise BundleError(f"{path}: expected a state dict, got dict with names that are no texts")
    try:
        network.load_state_dict(state)
    except RuntimeError as fault:
        raise BundleError(f"{path}: the weights do not fit the network: {_differences(network, state)}") from fault


def _differences(network: torch.nn.Module, state: dict[str, object]) -> str:
    wanted = network.state_dict()
    missing = sorted(wanted.keys() - state.keys())
    foreign = sorted(state.keys() - wanted.keys())
    reshaped = sorted(k for k in wanted.keys() & state.keys() if getattr(state[k], "shape", None) != wanted[k].shape)
    told = [("missing", missing), ("not in the network", foreign), ("of another shape", reshaped)]
    return "; ".join(f"{len(keys)} tensors {what}, first {keys[0]}" for what, keys in told if keys)
