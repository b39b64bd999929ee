"""Dictionary transforms that MONAI does not have, in MONAI's own manner."""

from msk_monai.transforms.axial_grid import AxialGridd
from msk_monai.transforms.hounsfield import RandHounsfieldd
from msk_monai.transforms.level_target import LevelTargetd
from msk_monai.transforms.longest_run import LongestRund
from msk_monai.transforms.middle_slice import MiddleSliced
from msk_monai.transforms.neighbours import NeighbourSlicesd
from msk_monai.transforms.require_hounsfield import RequireHounsfieldd
from msk_monai.transforms.spine_points import SpinePointsd
from msk_monai.transforms.spine_view import RandSpineViewd

__all__ = [
    "AxialGridd",
    "LevelTargetd",
    "LongestRund",
    "MiddleSliced",
    "NeighbourSlicesd",
    "RandHounsfieldd",
    "RandSpineViewd",
    "RequireHounsfieldd",
    "SpinePointsd",
]
