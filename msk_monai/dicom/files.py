"""Which files under a path may be images, told by their names and first bytes."""

import os
from collections.abc import Iterator
from pathlib import Path

RASTER_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff"})
DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".dic", ".ima"})


def walk(path: Path) -> Iterator[Path]:
    """Every file at or below a path, sorted; hidden ones and what a link leads to twice left out.

    Args:
        path: a file or a folder. A DICOMDIR stands for its folder.

    Raises:
        FileNotFoundError: there is nothing at the path.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    if path.is_file() and path.name.upper() != "DICOMDIR":
        yield path
        return
    root = path if path.is_dir() else path.parent
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def kind_of(path: Path) -> str | None:
    """Tell what a file claims to be: ``dicom``, ``nifti``, ``raster``, ``mat``, or None for a file that is none of our business.

    A name without suffix, or one that ends in a number as UIDs do, is taken as DICOM; any other suffix only with the DICM prefix.
    """
    suffix = path.suffix.lower()
    if suffix == ".nii" or path.name.lower().endswith(".nii.gz"):
        return "nifti"
    if suffix in RASTER_SUFFIXES:
        return "raster"
    if suffix == ".mat":
        return "mat"
    if path.name.upper() == "DICOMDIR":
        return None
    if suffix in DICOM_SUFFIXES or not suffix or suffix[1:].isdigit():
        return "dicom"
    return "dicom" if _has_prefix(path) else None


def _has_prefix(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False
