"""Who makes a result: a bundle's name, version and the fingerprint of its weights."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msk_monai.bundle.metadata import WEIGHTS, read_metadata
from msk_monai.errors import BundleError
from msk_monai.records import BundleIdentity


def identity(root: str | Path, weights: str | Path | None = None, overrides: Iterable[tuple[str, Any]] = ()) -> BundleIdentity:
    """Tell who a bundle is.

    Args:
        root: the bundle's folder.
        weights: the file its network is loaded from; ``None`` stands for ``models/model.pt``, where there is one.
        overrides: settings that are not the bundle's own, by id; :func:`open_bundle` hands them over.

    Raises:
        BundleError: the metadata cannot be used, or the weights named are not there.
    """
    metadata, given = read_metadata(root), dict(overrides)
    path = Path(root) / WEIGHTS if weights is None else Path(weights)
    if weights is not None and not path.is_file():
        raise BundleError(f"{path}: no weights there")
    return BundleIdentity(
        name=metadata["name"],
        version=metadata["version"],
        weights_sha256=_sha256(path) if path.is_file() else None,
        overrides=json.dumps(given, sort_keys=True, default=str) if given else None,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
