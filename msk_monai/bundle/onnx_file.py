"""A network as an ONNX model: one graph, and where it is run in parts, a function for each of them."""

from collections.abc import Sequence
from copy import copy
from typing import Any

import torch
from monai.networks.utils import convert_to_onnx
from torch import nn

from msk_monai.networks.entry_points import HasEntryPoints, Shape
from msk_monai.networks.onnx_network import DOMAIN

_IMAGE, _ANSWER = "image", "pred"
_FUNCTIONS = 8
"""The first IR version with functions of a model's own."""
_TRACED = 128
"""Length of a free axis when a network is traced, at least; of one that counts things it is 3."""


def onnx_model(network: nn.Module, shape: Shape) -> Any:
    """Trace a network.

    Args:
        network: in evaluation mode.
        shape: of ``image``, which its ``forward`` takes.

    Returns:
        An ``onnx.ModelProto`` from ``image`` to ``pred``. Parts that a network says are called by themselves
        (:class:`msk_monai.networks.entry_points.HasEntryPoints`) are model-local functions of the domain ``msk_monai``.
    """
    if not isinstance(network, HasEntryPoints):
        return _traced(network, [shape], names=[_IMAGE])
    parts = {name: _traced(network.get_submodule(name), shapes) for name, shapes in network.entry_points().items()}
    if network.forward_is is None:
        model = _traced(network, [shape], names=[_IMAGE])
    else:
        model = _calling(network.forward_is, parts[network.forward_is])
    model.functions.extend(_function(name, part) for name, part in parts.items())
    if not any(opset.domain == DOMAIN for opset in model.opset_import):
        model.opset_import.add(domain=DOMAIN, version=1)
    return model


def _traced(network: nn.Module, shapes: Sequence[Shape], names: Sequence[str] | None = None) -> Any:
    names = [f"input_{place}" for place in range(len(shapes))] if names is None else names
    inputs = [torch.rand([axis if isinstance(axis, int) else _length(axis) for axis in shape]) for shape in shapes]
    with torch.no_grad():
        answer = network(*inputs)
    outputs = [_ANSWER] if isinstance(answer, torch.Tensor) else [_ANSWER, *(f"{_ANSWER}_{place}" for place in range(1, len(answer)))]
    free = {name: {k: axis for k, axis in enumerate(shape) if isinstance(axis, str)} for name, shape in zip(names, shapes, strict=True)}
    if isinstance(shapes[0][0], str):
        free |= {name: {0: shapes[0][0]} for name in outputs}
    return convert_to_onnx(
        network,
        inputs,
        input_names=list(names),
        output_names=outputs,
        dynamic_axes={name: {k: axis.replace("*", "_times_") for k, axis in axes.items()} for name, axes in free.items()},
        use_trace=True,
        dynamo=False,  # which would fix the sizes that it was traced with
    )


def _length(axis: str) -> int:
    multiple, _, counts = axis.partition("*")
    return max(_TRACED, 2 * int(multiple)) if counts else 3


def _function(name: str, part: Any) -> Any:
    """A graph as a function, with its weights as constants."""
    from onnx import helper

    weights = [helper.make_node("Constant", [], [one.name], value=one) for one in part.graph.initializer]
    inputs, outputs = ([one.name for one in side] for side in (part.graph.input, part.graph.output))
    return helper.make_function(DOMAIN, name, inputs, outputs, [*weights, *part.graph.node], part.opset_import)


def _calling(name: str, part: Any) -> Any:
    """A graph that only calls a function; its first answer is that of the function."""
    from onnx import helper

    image, answers = copy(part.graph.input[0]), [one.name for one in part.graph.output]
    image.name = _IMAGE
    graph = helper.make_graph([helper.make_node(name, [_IMAGE], answers, domain=DOMAIN)], "forward", [image], part.graph.output[:1])
    return helper.make_model(graph, opset_imports=part.opset_import, ir_version=max(part.ir_version, _FUNCTIONS))
