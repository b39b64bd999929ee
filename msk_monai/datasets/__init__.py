"""Data lists, and readers of other systems' data layouts."""

from msk_monai.datasets.items import load_items

__all__ = ["load_items"]
