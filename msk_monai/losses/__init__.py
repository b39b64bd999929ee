"""Losses that MONAI and torch do not have."""

from msk_monai.losses.film_looks import CornersLoss, FilmLooksLoss, NamesLoss, PlacesLoss
from msk_monai.losses.one_level import OneLevelLoss
from msk_monai.losses.profile import ProfileLoss

__all__ = ["CornersLoss", "FilmLooksLoss", "NamesLoss", "OneLevelLoss", "PlacesLoss", "ProfileLoss"]
