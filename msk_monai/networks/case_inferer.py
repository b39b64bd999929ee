"""Inferers that need more of a case than one image."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch


class CaseInferer(ABC):
    """Called by ``msk_monai.runner.Runner`` with all that preprocessing left of a case, instead of a batch of its image."""

    @abstractmethod
    def __call__(self, data: Mapping[str, Any], network: Any, *, device: torch.device | str) -> Any:
        """Run the network.

        Args:
            data: what preprocessing left.
            network: on its device, in evaluation mode.
            device: where the network is.

        Returns:
            What postprocessing finds under ``pred``.
        """
