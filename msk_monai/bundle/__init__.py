"""Bundles: where they are, who they are, and what their configs build.

Importing this package is cheap; MONAI is loaded when a bundle is opened.
"""

from msk_monai.bundle.archive import write_archive
from msk_monai.bundle.elsewhere import archive_of, folder_of, require_trust
from msk_monai.bundle.fingerprint import identity
from msk_monai.bundle.metadata import read_metadata
from msk_monai.bundle.opened import Bundle, open_bundle, overlay_file
from msk_monai.bundle.search import BundleInfo, available, describe, locate
from msk_monai.bundle.settings import require

__all__ = [
    "Bundle",
    "BundleInfo",
    "archive_of",
    "available",
    "describe",
    "folder_of",
    "identity",
    "locate",
    "open_bundle",
    "overlay_file",
    "read_metadata",
    "require",
    "require_trust",
    "write_archive",
]
