"""The truth beside a phantom film: there, whole and of the same seed, or to be made again."""

import json
import os
from pathlib import Path
from typing import Any


def known_truth(film: Path, truth: Path, *, seed: int) -> dict[str, Any] | None:
    """What an earlier run wrote of a film; ``None`` where the film or its truth is missing, broken or of another seed."""
    if not film.is_file():
        return None
    try:
        record = json.loads(truth.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and record.get("seed") == seed else None


def write_truth(truth: Path, record: dict[str, Any]) -> None:
    """Write a film's truth, all of it or nothing."""
    partial = truth.with_name(f".{truth.name}.partial")
    partial.write_text(json.dumps(record), encoding="utf-8")
    os.replace(partial, truth)
