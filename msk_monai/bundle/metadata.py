"""What a bundle says of itself in ``configs/metadata.json``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msk_monai.errors import BundleError

METADATA = Path("configs", "metadata.json")
WEIGHTS = Path("models", "model.pt")
REQUIRED = ("name", "version")


def read_metadata(root: str | Path) -> Mapping[str, Any]:
    """Read a bundle's metadata.

    Args:
        root: the bundle's folder.

    Raises:
        BundleError: it is missing, is no JSON object, or lacks a name or version.
    """
    path = Path(root) / METADATA
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise BundleError(f"{path}: cannot be opened ({fault.strerror})") from fault
    except (ValueError, RecursionError) as fault:
        raise BundleError(f"{path}: expected JSON, got {fault}") from fault
    missing = [field for field in REQUIRED if not (isinstance(metadata, dict) and isinstance(metadata.get(field), str))]
    if missing:
        raise BundleError(f"{path}: expected {' and '.join(REQUIRED)}, {' and '.join(missing)} is missing")
    return metadata
