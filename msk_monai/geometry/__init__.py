"""Vectors, line fits and affines: plain NumPy, millimetres and degrees."""

from msk_monai.geometry.affines import (
    LPS_TO_RAS,
    apply_affine,
    axis_towards,
    flip_lps_ras,
    plane_height,
    spacing_of,
)

__all__ = ["LPS_TO_RAS", "apply_affine", "axis_towards", "flip_lps_ras", "plane_height", "spacing_of"]
