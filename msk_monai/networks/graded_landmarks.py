"""A film's objects found by their points, and each of them graded in a view that follows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from msk_monai.geometry.patches import mirrored, patch_matrix
from msk_monai.geometry.squares import squares
from msk_monai.networks.case_inferer import CaseInferer
from msk_monai.networks.entry_points import Shape, below
from msk_monai.networks.landmark_looks import LandmarkLooks
from msk_monai.networks.landmark_looks_inferer import LandmarkLooksInferer
from msk_monai.sampling import reduced


class GradedLandmarks(nn.Module):
    """All that :class:`GradedLandmarksInferer` runs. ``forward(view)`` is that of ``grade``.

    Args:
        looks: find objects and their points; see :class:`msk_monai.networks.LandmarkLooks`.
        grade: (B, 1, X, Y) to cumulative logits (B, grades - 1); see :class:`msk_monai.networks.OrdinalGrader`.
    """

    alone = ("grade",)
    """What is trained by itself; the looks are trained as those of ``LandmarkLooks``."""
    forward_is: str | None = "grade"

    def __init__(self, *, looks: LandmarkLooks, grade: nn.Module) -> None:
        super().__init__()
        self.looks, self.grade = looks, grade

    def forward(self, view: torch.Tensor) -> torch.Tensor:
        """(B, 1, X, Y) to (B, grades - 1)."""
        return torch.as_tensor(self.grade(view))

    def entry_points(self) -> Mapping[str, tuple[Shape, ...]]:
        """See :class:`msk_monai.networks.entry_points.HasEntryPoints`."""
        return {**below("looks", self.looks.entry_points()), "grade": (("views", 1, "32*x", "32*y"),)}


@dataclass(frozen=True, eq=False)
class GradedObjects:
    """What was seen on a film, from its left to its right.

    Attributes:
        points: (N, P, 4) as :class:`msk_monai.networks.LandmarkLooksInferer` gives, of one film.
        logits: (N, grades - 1) of being worse than each grade but the last.
    """

    points: np.ndarray
    logits: np.ndarray


class GradedLandmarksInferer(CaseInferer):
    """Finds the objects of ``data["image"]``, a film (1, X, Y), and grades each by the mean of a view of it and of its mirror image.

    Args:
        landmarks: finds the objects and their points.
        size: pixels of the view's side.
        widths: its side in widths of the object (``msk_monai.geometry.squares``).
    """

    def __init__(self, *, landmarks: LandmarkLooksInferer, size: int, widths: float) -> None:
        self.landmarks, self.size, self.widths = landmarks, size, widths

    def __call__(self, data: Mapping[str, Any], network: Any, *, device: torch.device | str) -> GradedObjects:
        """Run both networks on one film."""
        film = data["image"].as_subclass(torch.Tensor)[None].to(device)
        points = self.landmarks(film, network.looks)[0].double().cpu().numpy()
        if not len(points):
            return GradedObjects(points, np.empty((0, 0)))
        plain = [patch_matrix(quad, size=self.size, widths=self.widths) for quad in squares(points[..., :2], self.landmarks.ends)]
        matrices = np.array([*plain, *(mirrored(matrix, self.size) for matrix in plain)])
        views = reduced(film, torch.as_tensor(matrices[None], dtype=torch.float32, device=film.device), (self.size, self.size))
        logits = network.grade(views).double().cpu().numpy().reshape(2, len(points), -1)
        return GradedObjects(points, logits.mean(axis=0))
