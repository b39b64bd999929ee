"""Data lists, and readers of other systems' data layouts."""

from msk_monai.datasets.items import load_items
from msk_monai.datasets.mended_corners import with_mended_corners
from msk_monai.datasets.negatives import as_negatives
from msk_monai.datasets.patient_split import split_by_patient

__all__ = ["as_negatives", "load_items", "split_by_patient", "with_mended_corners"]
