"""Pictures of something else, for training: what a task must not find anything in."""

from collections.abc import Iterable
from typing import Any


def as_negatives(items: Iterable[dict[str, Any]], *, share: float) -> list[dict[str, Any]]:
    """Keep nothing of a datalist's items but the image, so that they count as pictures in which there is nothing to find.

    Args:
        items: of any set that does not show what the task looks for.
        share: how often training draws each.
    """
    return [{"image": item["image"], "share": share} for item in items]
