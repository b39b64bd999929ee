"""Writing files so that whoever looks at them never sees half of one."""

import glob
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_ABANDONED_SECONDS = 3600.0
"""A half file that nobody wrote to for so long belongs to a process that was killed."""


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    r"""Open a text file that takes the place of ``path`` once it is complete; an exception leaves ``path`` as it was.

    Bytes of a file's name that are no UTF-8 are written as ``\udcff``.
    """
    with replacing_whole(path) as partial, partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        yield file


@contextmanager
def replacing_whole(path: Path) -> Iterator[Path]:
    """A path to write to, beside ``path`` and with its suffix, that takes its place once complete; for writers that open files themselves.

    Processes that write the same file at the same time each have their own; the last one's stays.
    """
    _clear(path)
    partial = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.partial{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Take away what killed processes left of a file."""
    for partial in path.parent.glob(f".{glob.escape(path.stem)}.*.partial{glob.escape(path.suffix)}"):
        try:
            if time.time() - partial.stat().st_mtime > _ABANDONED_SECONDS:
                partial.unlink()
        except FileNotFoundError:
            pass  # another process has just done so, or is done with it
