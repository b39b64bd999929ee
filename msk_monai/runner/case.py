"""One case: the files that belong together and what is known of them before they are read."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msk_monai.records import Findings, Source

_LONGEST_STEM = 120


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a bundle is run on.

    Args:
        name: unique within a run and the same each time; folder and file names and UIDs only.
        source: where it came from, for the results.
        files: paths of its files; empty where there is a fault.
        beside: paths of the files of a second series of the study that is read along with it; empty where there is none.
        truth: what is known to be right, for evaluation.
        known: what is known beforehand and may be used: ``level``, ``age`` (years), ``sex``, ``canal_width_mm``.
        fault: how the case ends, where that is known without reading it (``failed`` or ``skipped``, with a reason).
        warnings: what was found beside it and left out, one line each.
    """

    name: str
    source: Source
    files: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    truth: Mapping[str, Any] | None = None
    known: Mapping[str, Any] = field(default_factory=dict)
    fault: Findings | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.files and self.fault is None:
            raise ValueError(f"case {self.name!r} must have files or a fault")

    def file_stem(self, bundle: str) -> str:
        """The beginning of the names of the files written for the case: safe on every file system, unique in a run."""
        return f"{_safe(self.name)}_{_safe(bundle)}"


def _safe(name: str) -> str:
    safe = re.sub(r"[^\w.-]+", "_", name)[:_LONGEST_STEM].strip("._")
    return safe if safe == name else f"{safe}-{short_hash(name)}"


def short_hash(text: str) -> str:
    """Eight hexadecimal digits that tell one text from another."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:8]


def require_unique(cases: Iterable[Case]) -> None:
    """Check that no two cases share a name.

    Raises:
        ValueError: two do.
    """
    seen: set[str] = set()
    for case in cases:
        if case.name in seen:
            raise ValueError(f"case names must be unique, got {case.name!r} twice")
        seen.add(case.name)
