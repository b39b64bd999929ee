"""Who is at work in a folder, as the operating system knows it: locks that die with their process."""

import os
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # not a POSIX system: there the user has to see to it that one process works at a time
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
WORKERS = ".workers"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process is inside for this folder."""
    with (folder / LOCK).open("ab") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Worker:
    """A process at work in a folder; others can tell whether it still runs, whatever ended it.

    Args:
        folder: where it works.
    """

    def __init__(self, folder: Path) -> None:
        self.name = uuid.uuid4().hex
        self._path = folder / WORKERS / self.name
        self._path.parent.mkdir(exist_ok=True)
        self._file = self._path.open("wb")
        if fcntl is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            # processes that read ahead for a training would keep the lock for a while after it was killed
            os.register_at_fork(after_in_child=_Close(self._file))

    def close(self) -> None:
        """Be at work no more."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def is_alive(folder: Path, worker: str | None) -> bool:
    """Whether a worker of a folder still runs."""
    path = folder / WORKERS / (worker or "")
    if worker is None or fcntl is None or not path.is_file():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    path.unlink(missing_ok=True)
    return False


class _Close:
    """Closes a file in a forked process, if it is still open there."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = weakref.ref(file)

    def __call__(self) -> None:
        file = self._file()
        if file is not None:
            file.close()
