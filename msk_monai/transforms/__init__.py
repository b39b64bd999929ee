"""Dictionary transforms that MONAI does not have, in MONAI's own manner."""

from msk_monai.geometry.quads import mirrored_corners
from msk_monai.transforms.axial_grid import AxialGridd
from msk_monai.transforms.axial_views import AxialBlocksd, CropShared, PatientVectord, RandAxialViewd, RandCanalWidthd
from msk_monai.transforms.bone_scan_findings import BoneScanFindingsd
from msk_monai.transforms.film_contrast import FilmContrastd
from msk_monai.transforms.film_grid import FilmGridd
from msk_monai.transforms.film_view import RandFilmViewd
from msk_monai.transforms.herniation_findings import HerniationFindingsd
from msk_monai.transforms.hounsfield import RandHounsfieldd
from msk_monai.transforms.knee_film import KneeFilmd
from msk_monai.transforms.knee_grades import KneeGradesd
from msk_monai.transforms.label_map import LabelMapd
from msk_monai.transforms.landmark_points import LandmarkPointsd
from msk_monai.transforms.landmark_squares import LandmarkSquaresd, SquareCornersd
from msk_monai.transforms.landmarks_found import LandmarksFoundd
from msk_monai.transforms.level_map import LevelMapd
from msk_monai.transforms.level_target import LevelTargetd
from msk_monai.transforms.longest_run import LongestRund
from msk_monai.transforms.lowest_blobs import LowestBlobsd
from msk_monai.transforms.lumbar_discs import LumbarDiscsd
from msk_monai.transforms.measurements_found import MeasurementsFoundd
from msk_monai.transforms.middle_slice import MiddleSliced
from msk_monai.transforms.named_levels import NamedLevelsd
from msk_monai.transforms.neighbours import NeighbourSlicesd
from msk_monai.transforms.quad_patches import RandQuadPatchesd
from msk_monai.transforms.read_beside import ReadBesided
from msk_monai.transforms.require_hounsfield import RequireHounsfieldd
from msk_monai.transforms.sagittal_slices import SagittalSlicesd
from msk_monai.transforms.spine_film import SpineFilmd
from msk_monai.transforms.spine_points import SpinePointsd
from msk_monai.transforms.spine_view import RandSpineViewd
from msk_monai.transforms.square_view import RandSquareViewd
from msk_monai.transforms.vertebra_map import VertebraMapd
from msk_monai.transforms.vertebra_quads import FacingEndplatesd, VertebraQuadsd
from msk_monai.transforms.vertebra_row import RandVertebraRowd
from msk_monai.transforms.whole_body import (
    KneeCropsd,
    KneePointsd,
    RandMissingViewd,
    RandWholeBodyd,
    ReferencePlacesd,
    SplitKneesd,
    WholeBodyGridd,
)

__all__ = [
    "AxialBlocksd",
    "AxialGridd",
    "BoneScanFindingsd",
    "CropShared",
    "FacingEndplatesd",
    "FilmContrastd",
    "FilmGridd",
    "HerniationFindingsd",
    "KneeCropsd",
    "KneeFilmd",
    "KneeGradesd",
    "KneePointsd",
    "LabelMapd",
    "LandmarkPointsd",
    "LandmarkSquaresd",
    "LandmarksFoundd",
    "LevelMapd",
    "LevelTargetd",
    "LongestRund",
    "LowestBlobsd",
    "LumbarDiscsd",
    "MeasurementsFoundd",
    "MiddleSliced",
    "NamedLevelsd",
    "NeighbourSlicesd",
    "PatientVectord",
    "RandAxialViewd",
    "RandCanalWidthd",
    "RandFilmViewd",
    "RandHounsfieldd",
    "RandMissingViewd",
    "RandQuadPatchesd",
    "RandSpineViewd",
    "RandSquareViewd",
    "RandVertebraRowd",
    "RandWholeBodyd",
    "ReadBesided",
    "ReferencePlacesd",
    "RequireHounsfieldd",
    "SagittalSlicesd",
    "SpineFilmd",
    "SpinePointsd",
    "SplitKneesd",
    "SquareCornersd",
    "VertebraMapd",
    "VertebraQuadsd",
    "WholeBodyGridd",
    "mirrored_corners",
]
