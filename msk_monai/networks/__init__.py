"""Networks that MONAI does not have."""

from msk_monai.networks.film_looks import CornersTraining, FilmLooks, LooksTraining, NamesTraining
from msk_monai.networks.film_looks_inferer import FilmLooksInferer
from msk_monai.networks.precision import BFloat16Inferer
from msk_monai.networks.slice_profile import SliceProfileNet
from msk_monai.networks.slicewise import Slicewise

__all__ = [
    "BFloat16Inferer",
    "CornersTraining",
    "FilmLooks",
    "FilmLooksInferer",
    "LooksTraining",
    "NamesTraining",
    "SliceProfileNet",
    "Slicewise",
]
