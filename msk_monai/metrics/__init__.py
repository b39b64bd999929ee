"""Figures of merit, computed per case from what was recorded and what is true."""

from msk_monai.metrics.slice_error import SliceError

__all__ = ["SliceError"]
