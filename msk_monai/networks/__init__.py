"""Networks that MONAI does not have."""

from msk_monai.networks.bone_scan import BoneScanKnees, KneeFinder
from msk_monai.networks.bone_scan_inferer import BoneScanInferer
from msk_monai.networks.coordinates import CoordinatesInferer
from msk_monai.networks.efficientnet_lite import efficientnet_lite0, load_imagenet
from msk_monai.networks.film_looks import FilmLooks, NamesTraining, OneLook
from msk_monai.networks.film_looks_inferer import FilmLooksInferer
from msk_monai.networks.graded_landmarks import GradedLandmarks, GradedLandmarksInferer, GradedObjects
from msk_monai.networks.herniation import HerniationGrade, LumbarHerniation, ReferenceHerniation
from msk_monai.networks.herniation_inferer import HerniationInferer
from msk_monai.networks.image_stack import ImageStackInferer
from msk_monai.networks.joined import joined_weights
from msk_monai.networks.knee_places import KneePlacesd
from msk_monai.networks.landmark_looks import LandmarkLooks
from msk_monai.networks.landmark_looks_inferer import LandmarkLooksInferer
from msk_monai.networks.onnx_network import OnnxNetwork, with_onnx
from msk_monai.networks.ordinal import OrdinalGrader, OrdinalHead
from msk_monai.networks.precision import BFloat16Inferer
from msk_monai.networks.reference_grader import ReferenceGrader
from msk_monai.networks.slice_profile import SliceProfileNet
from msk_monai.networks.slicewise import Slicewise
from msk_monai.networks.soft_points import SoftPoints

__all__ = [
    "BFloat16Inferer",
    "BoneScanInferer",
    "BoneScanKnees",
    "CoordinatesInferer",
    "FilmLooks",
    "FilmLooksInferer",
    "GradedLandmarks",
    "GradedLandmarksInferer",
    "GradedObjects",
    "HerniationGrade",
    "HerniationInferer",
    "ImageStackInferer",
    "KneeFinder",
    "KneePlacesd",
    "LandmarkLooks",
    "LandmarkLooksInferer",
    "LumbarHerniation",
    "NamesTraining",
    "OneLook",
    "OnnxNetwork",
    "OrdinalGrader",
    "OrdinalHead",
    "ReferenceGrader",
    "ReferenceHerniation",
    "SliceProfileNet",
    "Slicewise",
    "SoftPoints",
    "efficientnet_lite0",
    "joined_weights",
    "load_imagenet",
    "with_onnx",
]
