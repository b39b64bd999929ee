"""Telling files apart that carry no UIDs."""

import hashlib
from pathlib import Path

ENDS = 1 << 16
"""Bytes read from either end."""


def fingerprint(path: Path) -> str:
    """Size of a file, and a hash of how it begins and ends: ``"<bytes>-<16 hexadecimal digits>"``.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(ENDS))
        file.seek(max(size - ENDS, 0))
        digest.update(file.read(ENDS))
    return f"{size}-{digest.hexdigest()[:16]}"
