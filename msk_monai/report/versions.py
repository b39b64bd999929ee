"""The software behind a page."""

import platform
from importlib.metadata import PackageNotFoundError, version

from msk_monai.version import __version__

_PACKAGES = ("torch", "monai", "numpy", "pydicom", "SimpleITK", "nibabel")


def versions() -> dict[str, str]:
    """Name and version of this package, of Python, and of what it computes and reads with where installed; nothing is imported."""
    found = {"msk_monai": __version__, "Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
