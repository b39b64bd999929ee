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
        BundleError: a file is not there, or the sources give other names or shapes than the network has.
    """
    known = network.state_dict()
    found: dict[str, torch.Tensor] = {}
    for source in sources:
        found |= {name: value for name, value in _renamed(source).items() if name in known}
    missing = [name for name in known if name not in found]
    if missing:
        raise BundleError(f"no source gives {len(missing)} weights of the network, {missing[0]} among them")
    if half:
        found = {name: value.half() if value.is_floating_point() else value for name, value in found.items()}
    try:
        network.load_state_dict(found)
    except RuntimeError as fault:
        raise BundleError(f"the sources' weights do not fit the network: {str(fault).splitlines()[-1].strip()}") from None
    return {name: found[name].clone() for name in known}


def _renamed(source: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    file, take = Path(source["file"]), str(source.get("take", ""))
    give = str(source.get("give", take))
    if not file.is_file():
        raise BundleError(f"{file}: no such file of weights")
    state = torch.load(file, map_location="cpu", weights_only=True)
    return {give + name.removeprefix(take): value for name, value in state.items() if name.startswith(take)}
