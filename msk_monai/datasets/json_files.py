"""Label files in JSON."""

import json
from pathlib import Path
from typing import Any

from msk_monai.errors import UnreadableFileError


def read_object(path: Path) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Raises:
        UnreadableFileError: it cannot be opened or parsed, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        raise UnreadableFileError(f"cannot be opened ({fault.strerror})", subject=path.name) from fault
    except (ValueError, RecursionError) as fault:
        raise UnreadableFileError("expected JSON, got a file that cannot be parsed", subject=path.name) from fault
    if not isinstance(content, dict):
        raise UnreadableFileError(f"expected a JSON object, got a {type(content).__name__}", subject=path.name)
    return content
