"""A bundle's network as TorchScript or ONNX, with what tells how to use it."""

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser
from monai.data import save_net_with_metadata
from monai.networks.utils import convert_to_torchscript

from msk_monai.bundle.faults import explained
from msk_monai.bundle.fingerprint import identity
from msk_monai.bundle.metadata import WEIGHTS
from msk_monai.bundle.onnx_file import onnx_model
from msk_monai.bundle.opened import TRUNK, Bundle, open_bundle
from msk_monai.errors import BundleError
from msk_monai.networks.entry_points import Shape


def write_torchscript(name: str | Path, path: Path, *, trust: bool = False) -> None:
    """Write a bundle's network as TorchScript, as MONAI's ``ckpt_export`` does.

    ``metadata.json`` and ``inference.json`` are among its extra files; ``metadata.json`` has a field ``bundle`` with the weights' SHA-256.

    Args:
        name: a name or a path, see :func:`msk_monai.bundle.folder_of`.
        path: the file to write.
        trust: see :func:`msk_monai.bundle.open_bundle`.

    Raises:
        BundleError: there is no such bundle, it has no weights, or its network cannot be exported.
    """
    bundle = open_bundle(name, trust=trust)
    network = _loaded(bundle)
    described = _description(bundle)
    with _exporting(bundle, path):
        script = convert_to_torchscript(network)
        extra = {"inference.json": described["inference.json"].encode()}
        with path.open("wb") as file:  # a name without a suffix would be given one
            save_net_with_metadata(script, file, include_config_vals=False, meta_values=_metadata(bundle), more_extra_files=extra)


def write_onnx(name: str | Path, path: Path, *, trust: bool = False) -> None:
    """Write a bundle's network as ONNX, with a free batch size and whatever else the metadata leave free (``8*n``).

    Its ``metadata_props`` hold ``metadata.json`` and ``inference.json``. Arguments and raised errors are those of
    :func:`write_torchscript`.
    """
    try:
        import onnx
    except ImportError as fault:
        raise BundleError('ONNX needs further packages: pip install "msk_monai[export]"') from fault

    bundle = open_bundle(name, trust=trust)
    network = _loaded(bundle)
    shape = _input(bundle)
    with _exporting(bundle, path):
        model = onnx_model(network, shape)
        for key, text in _description(bundle).items():
            model.metadata_props.add(key=key, value=text)
        onnx.save(model, str(path))


def _loaded(bundle: Bundle) -> torch.nn.Module:
    weights = bundle.root / WEIGHTS
    if not weights.is_file():
        raise BundleError(f"{bundle.name}: cannot be exported, it has no {WEIGHTS.as_posix()}")
    network = bundle.get("network_def")
    with explained(bundle.name):
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval()


def _metadata(bundle: Bundle) -> Mapping[str, Any]:
    who = identity(bundle.root)
    return {**bundle.metadata, "bundle": {"name": who.name, "version": who.version, "weights_sha256": who.weights_sha256}}


def _description(bundle: Bundle) -> dict[str, str]:
    """What belongs before and after the network, as texts by file name."""
    inference = ConfigParser.load_config_file(bundle.root / "configs" / TRUNK)
    return {"metadata.json": json.dumps(_metadata(bundle)), "inference.json": json.dumps(inference)}


def _input(bundle: Bundle) -> Shape:
    """The shape (N, C, spatial...) that the network takes."""
    try:
        image = bundle.metadata["network_data_format"]["inputs"]["image"]
        sizes = [
            size if isinstance(size, int) else f"{int(str(size).partition('*')[0])}*size_{axis}"
            for axis, size in enumerate(image["spatial_shape"])
        ]
        return ("batch", int(image["num_channels"]), *sizes)
    except (KeyError, TypeError, ValueError) as fault:
        raise BundleError(f"{bundle.name}: its metadata do not tell the network's input: sizes must be numbers or such as 8*n") from fault


@contextmanager
def _exporting(bundle: Bundle, path: Path) -> Iterator[None]:
    """Make the folder, keep the exporters' remarks away from the user, and tell in one line what did not work."""
    with explained(bundle.name), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
