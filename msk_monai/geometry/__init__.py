"""Vectors, line fits and affines: plain NumPy, millimetres and degrees."""

from msk_monai.geometry.affines import (
    LPS_TO_RAS,
    apply_affine,
    axis_towards,
    flip_lps_ras,
    plane_height,
    spacing_of,
)
from msk_monai.geometry.lines import Line, angle_between, distance_to_line, fit_line, intersection, line_through, tilt, unit_vector

__all__ = [
    "LPS_TO_RAS",
    "Line",
    "angle_between",
    "apply_affine",
    "axis_towards",
    "distance_to_line",
    "fit_line",
    "flip_lps_ras",
    "intersection",
    "line_through",
    "plane_height",
    "spacing_of",
    "tilt",
    "unit_vector",
]
