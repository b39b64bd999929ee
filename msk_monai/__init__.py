"""Musculoskeletal imaging pipelines on MONAI: DICOM in, measurements in millimetres and degrees out.

Importing the package is cheap: torch and MONAI are only loaded by the sub-packages that need them.
"""

from msk_monai.version import __version__

__all__ = ["__version__"]
