"""Items of one or several data lists in MONAI's Decathlon form."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msk_monai.errors import UnreadableFileError

PATH_KEYS = ("image", "label", "mask")


def load_items(datalists: str | Path | Sequence[str | Path] | None, section: str, *, required: bool = True) -> list[dict[str, Any]]:
    """Collect the items of a section, with their paths resolved against the folder of the list they stand in.

    Args:
        datalists: one or several ``datalist.json``; ``None`` gives no items.
        section: ``training``, ``validation`` or ``testing``.
        required: whether a list without the section is an error.

    Raises:
        UnreadableFileError: a list is missing, is not JSON, or lacks the section.
    """
    lists = [datalists] if isinstance(datalists, str | Path) else list(datalists or ())
    items = [item for datalist in lists for item in _section(Path(datalist), section, required=required)]
    if required and not items:
        raise UnreadableFileError(f"expected items under {section!r}, got none", subject=", ".join(map(str, lists)) or "data")
    return items


def _section(datalist: Path, section: str, *, required: bool) -> list[dict[str, Any]]:
    try:
        content = json.loads(datalist.read_text())
    except FileNotFoundError:
        raise UnreadableFileError("no such data list", subject=str(datalist)) from None
    except json.JSONDecodeError as fault:
        raise UnreadableFileError(f"not JSON: {fault}", subject=datalist.name) from fault
    if required and section not in content:
        raise UnreadableFileError(f"expected a section {section!r}, got {sorted(content)}", subject=datalist.name)
    return [_resolved(item, datalist.parent) for item in content.get(section, ())]


def _resolved(item: dict[str, Any], folder: Path) -> dict[str, Any]:
    paths = {key: str((folder / item[key]).resolve()) for key in PATH_KEYS if isinstance(item.get(key), str)}
    return {**item, **paths}
