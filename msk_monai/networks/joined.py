"""One network's weights from the files of trainings that each made a part of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from msk_monai.errors import BundleError


def joined_weights(sources: Sequence[Mapping[str, Any]], network: torch.nn.Module, *, half: bool = True) -> dict[str, torch.Tensor]:
    """Join state dicts.

    Args:
        sources: each with ``file``; ``take``, how the names begin that it gives (default: all); ``give``, what stands in the network's
            names instead (default: the same). A later source replaces what an earlier one gave.
        network: whose weights they are to be; it gets them.
        half: whether floating point values are stored in 16 bits.

    Returns:
        The network's state dict.

    Raises:
        BundleError: a file is not there, the sources lack a name that the network has or have it in another shape (what they have beyond
            that is left out), or a value is too large for 16 bits.
    """
    known = network.state_dict()
    found: dict[str, torch.Tensor] = {}
    for source in sources:
        found |= {name: value for name, value in _renamed(source).items() if name in known}
    missing = [name for name in known if name not in found]
    if missing:
        raise BundleError(f"no source gives {len(missing)} weights of the network, {missing[0]} among them")
    if half:
        found = {name: _halved(name, value) if value.is_floating_point() else value for name, value in found.items()}
    try:
        network.load_state_dict(found)
    except RuntimeError as fault:
        raise BundleError(f"the sources' weights do not fit the network: {str(fault).splitlines()[-1].strip()}") from None
    return {name: found[name].clone() for name in known}


def _halved(name: str, value: torch.Tensor) -> torch.Tensor:
    small = value.half()
    if not torch.equal(torch.isfinite(small), torch.isfinite(value)):
        raise BundleError(f"{name} holds values that 16 bits cannot")
    return small


def _renamed(source: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    file, take = Path(source["file"]), str(source.get("take", ""))
    give = str(source.get("give", take))
    if not file.is_file():
        raise BundleError(f"{file}: no such file of weights")
    state = torch.load(file, map_location="cpu", weights_only=True)
    return {give + name.removeprefix(take): value for name, value in state.items() if name.startswith(take)}
