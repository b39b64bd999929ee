"""Networks that MONAI does not have."""

from msk_monai.networks.precision import BFloat16Inferer
from msk_monai.networks.slice_profile import SliceProfileNet

__all__ = ["BFloat16Inferer", "SliceProfileNet"]
