"""Vectors, line fits and affines: plain NumPy, millimetres and degrees."""

from msk_monai.geometry.affines import (
    LPS_TO_RAS,
    apply_affine,
    axis_towards,
    flip_lps_ras,
    spacing_of,
    voxel_centres_along,
)

__all__ = ["LPS_TO_RAS", "apply_affine", "axis_towards", "flip_lps_ras", "spacing_of", "voxel_centres_along"]
