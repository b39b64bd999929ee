"""A network that ONNX Runtime runs, in the place of a bundle's own."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from msk_monai.errors import BundleError


class OnnxNetwork(nn.Module):
    """Runs what ``msk-monai export --format onnx`` wrote, on the CPU.

    In a bundle whose inferer calls the network as a whole (an image in, an answer out), it replaces ``network_def``; ``weights`` is null
    then, as the file has its own. Bundles that run parts of their network one after the other need the network itself.

    Args:
        file: the ONNX file; it has one input and one output.

    Raises:
        BundleError: ONNX Runtime is not installed, or cannot read the file.
    """

    def __init__(self, file: str | Path) -> None:
        super().__init__()
        try:
            import onnxruntime
        except ImportError as fault:
            raise BundleError('ONNX needs further packages: pip install "msk_monai[export]"') from fault
        try:
            self._session: Any = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        except Exception as fault:  # onnxruntime has no exception of its own that is public
            raise BundleError(f"{file}: expected an ONNX file, got {' '.join(str(fault).split())[:200]}") from fault
        self._input = self._session.get_inputs()[0].name

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Run the network on a batch."""
        (answer,) = self._session.run(None, {self._input: image.detach().float().cpu().numpy()})
        return torch.from_numpy(answer).to(image.device)
