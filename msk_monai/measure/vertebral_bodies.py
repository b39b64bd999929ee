"""Where each vertebral body lies along the body's long axis, read off a label map of whole vertebrae."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msk_monai.geometry import apply_affine

BODY_DEPTH_MM = 25.0
"""A vertebra's front 25 mm hold its body and none of its arch (a lumbar body is 30–36 mm deep, Panjabi 1992,
https://doi.org/10.1097/00007632-199203000-00010)."""


@dataclass(frozen=True, kw_only=True)
class VertebralBody:
    """Extent of one body.

    Args:
        name: level, e.g. ``L3``.
        centre: ``(x, y, z)`` of its front part's centre, LPS, mm.
        z_range: lowest and highest z, LPS, mm; voxel centres, so the surface lies half a voxel further out.
    """

    name: str
    centre: tuple[float, float, float]
    z_range: tuple[float, float]

    @property
    def middle(self) -> float:
        """Height (z, mm) in the middle between its ends."""
        return (self.z_range[0] + self.z_range[1]) / 2


def vertebral_bodies(labels: npt.NDArray[np.integer], affine_lps: npt.ArrayLike, ids: Mapping[str, int]) -> list[VertebralBody]:
    """Find the bodies in a label map of whole vertebrae (body and arch in one label).

    Args:
        labels: (I, J, K) label numbers.
        affine_lps: (4, 4) from voxel indices to LPS mm.
        ids: label number of each level.

    Returns:
        The bodies found, from the head down. Levels without a voxel are left out.
    """
    found = []
    for name, number in ids.items():
        points = apply_affine(affine_lps, np.argwhere(labels == number))
        if len(points):
            front = points[points[:, 1] <= _front(points) + BODY_DEPTH_MM]
            centre = front.mean(axis=0)
            found.append(
                VertebralBody(
                    name=name,
                    centre=(float(centre[0]), float(centre[1]), float(centre[2])),
                    z_range=(float(front[:, 2].min()), float(front[:, 2].max())),
                )
            )
    return sorted(found, key=lambda body: -body.middle)


def _front(points: npt.NDArray[np.float64]) -> float:
    """Smallest y: in LPS, y grows towards the back."""
    return float(points[:, 1].min())
