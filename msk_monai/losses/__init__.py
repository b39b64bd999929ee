"""Losses that MONAI and torch do not have."""

from msk_monai.losses.film_looks import FilmLooksLoss, NamesLoss
from msk_monai.losses.one_level import OneLevelLoss
from msk_monai.losses.profile import ProfileLoss

__all__ = ["FilmLooksLoss", "NamesLoss", "OneLevelLoss", "ProfileLoss"]
