"""Files of lines that survive their process being killed at any moment: a line is whole and on the disk, or it is not there."""

import errno
import os
from pathlib import Path
from typing import BinaryIO, Self

from msk_monai.errors import ResultsError

try:
    import fcntl
except ImportError:  # not a POSIX system: there the user has to see to it that one process writes at a time
    fcntl = None  # type: ignore[assignment]


class LinesFile:
    """A file that lines are appended to; only one process at a time can.

    The lock belongs to the open file, so that it dies with the process. A last line without its line break was cut off by
    a killed process and is taken away.

    Args:
        path: the file; its folder is made where it does not exist.

    Raises:
        ResultsError: on entering: the file cannot be written, or another process writes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def append(self, line: str) -> None:
        """Append a line; when this returns, it is on the disk.

        Raises:
            ResultsError: it cannot be written; the file is left as it was.
        """
        if self._file is None:
            raise ValueError(f"{self.path.name} is not open")
        end = self._file.seek(0, os.SEEK_END)
        try:
            _write(self._file, line.encode(errors="backslashreplace") + b"\n")  # what of a file's name is no UTF-8 becomes JSON's \udcff
        except OSError as fault:
            self._file.truncate(end)
            raise ResultsError(f"{self.path}: cannot be written: {fault.strerror}") from fault

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b", buffering=0)
        except OSError as fault:
            raise ResultsError(f"{self.path}: cannot be written: {fault.strerror}") from fault
        try:
            _lock(self._file, self.path)
            _drop_cut_off_line(self._file)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and with it give up its lock."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _lock(file: BinaryIO, path: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        raise ResultsError(f"{path}: another process is writing here") from fault


def _drop_cut_off_line(file: BinaryIO) -> None:
    file.seek(0)
    content = file.read()
    complete = content.rfind(b"\n") + 1
    if complete < len(content):
        file.truncate(complete)


def _write(file: BinaryIO, line: bytes) -> None:
    if file.write(line) < len(line):  # an unbuffered file may take a part only, without raising
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file.fileno())
