"""Losses that MONAI and torch do not have."""

from msk_monai.losses.one_level import OneLevelLoss
from msk_monai.losses.profile import ProfileLoss

__all__ = ["OneLevelLoss", "ProfileLoss"]
