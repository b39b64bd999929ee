"""Losses that MONAI and torch do not have."""

from msk_monai.losses.film_looks import NamesLoss, PlacesLoss
from msk_monai.losses.hands import HandsLoss
from msk_monai.losses.one_level import OneLevelLoss
from msk_monai.losses.ordinal import GradeCrossEntropyLoss, OrdinalLoss, grade_log_probabilities
from msk_monai.losses.profile import ProfileLoss
from msk_monai.losses.soft_points import SoftPointsLoss

__all__ = [
    "GradeCrossEntropyLoss",
    "HandsLoss",
    "NamesLoss",
    "OneLevelLoss",
    "OrdinalLoss",
    "PlacesLoss",
    "ProfileLoss",
    "SoftPointsLoss",
    "grade_log_probabilities",
]
