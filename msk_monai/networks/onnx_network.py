"""Networks that ONNX Runtime runs, in the place of a bundle's own."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from msk_monai.errors import BundleError

DOMAIN = "msk_monai"
"""Of the functions in an ONNX file that are a network's entry points (:mod:`msk_monai.networks.entry_points`)."""
_MISSING = 'ONNX needs further packages: pip install "msk_monai[export]"'


class OnnxNetwork(nn.Module):
    """Runs an ONNX graph on the CPU; takes as many tensors as it has inputs, gives a tensor, or a tuple of several.

    Args:
        model: the graph, as bytes.

    Raises:
        BundleError: ONNX Runtime is not installed, or cannot read the graph.
    """

    def __init__(self, model: bytes) -> None:
        super().__init__()
        try:
            import onnxruntime
        except ImportError as fault:
            raise BundleError(_MISSING) from fault
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as fault:  # onnxruntime has no exception of its own that is public
            raise BundleError(f"expected an ONNX graph, got {' '.join(str(fault).split())[:200]}") from fault
        self._inputs = [one.name for one in self._session.get_inputs()]

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
        """Run the graph."""
        feeds = {name: one.detach().float().cpu().contiguous().numpy() for name, one in zip(self._inputs, tensors, strict=True)}
        answers = tuple(torch.from_numpy(answer).to(tensors[0].device) for answer in self._session.run(None, feeds))
        return answers[0] if len(answers) == 1 else answers


def with_onnx(network: nn.Module, file: str | Path) -> nn.Module:
    """Let ONNX Runtime run a network, from a file that ``msk-monai export --format onnx`` wrote of it.

    In a bundle it takes the place of ``network``, with ``@network_def`` as its argument; ``weights`` is null then, as the file has its own.

    Args:
        network: the bundle's; of one that is run in parts (:mod:`msk_monai.networks.entry_points`) these are replaced.
        file: the ONNX file.

    Returns:
        The network with its parts replaced, or an :class:`OnnxNetwork` in its place.

    Raises:
        BundleError: the packages for ONNX are missing, the file cannot be read, or it is of another network.
    """
    try:
        import onnx
    except ImportError as fault:
        raise BundleError(_MISSING) from fault
    from msk_monai.networks.entry_points import HasEntryPoints

    try:
        model = onnx.load(str(file))
        parts = {function.name: function for function in model.functions if function.domain == DOMAIN}
        known = set(network.entry_points()) if isinstance(network, HasEntryPoints) else set()
        if parts.keys() != known:
            raise BundleError(f"expected the parts {_listed(known)}, got {_listed(parts)}")
        if not parts:
            return OnnxNetwork(model.SerializeToString())
        for name, function in parts.items():
            network.set_submodule(name, OnnxNetwork(_alone(function, model.ir_version)))
    except BundleError as fault:
        raise BundleError(f"{file}: {fault}") from fault
    except Exception as fault:  # of protobuf or the file system
        raise BundleError(f"{file}: expected an ONNX file, got one that cannot be read ({type(fault).__name__})") from fault
    return network


def _alone(function: Any, ir_version: int) -> bytes:
    """A function as a graph of its own."""
    from onnx import TensorProto, helper

    inputs, outputs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names] for names in (function.input, function.output)
    )
    graph = helper.make_graph(function.node, function.name, inputs, outputs)
    return bytes(helper.make_model(graph, opset_imports=function.opset_import, ir_version=ir_version).SerializeToString())


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
