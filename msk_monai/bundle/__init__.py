"""Bundles: where they are, who they are, and what their configs build.

Importing this package is cheap; MONAI is loaded when a bundle is opened.
"""

from msk_monai.bundle.fingerprint import identity
from msk_monai.bundle.metadata import read_metadata
from msk_monai.bundle.opened import Bundle, open_bundle, overlay_file
from msk_monai.bundle.search import BundleInfo, available, locate
from msk_monai.bundle.settings import require

__all__ = ["Bundle", "BundleInfo", "available", "identity", "locate", "open_bundle", "overlay_file", "read_metadata", "require"]
