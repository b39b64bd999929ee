"""``results.jsonl``: the record of a run, which survives its process being killed at any moment.

Every other file of a run can be made again from it. One line is one :class:`~msk_monai.records.Result`.
"""

import errno
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from msk_monai.errors import ResultsError
from msk_monai.records import BundleIdentity, Result

try:
    import fcntl
except ImportError:  # not a POSIX system: there the user has to see to it that one process writes at a time
    fcntl = None  # type: ignore[assignment]

FILE_NAME = "results.jsonl"


class ResultsFile:
    """The results of a folder, opened for continuing them; only one process at a time can.

    The lock belongs to the open file, so that it dies with the process. A last line without its line break was cut off by
    a killed process and is taken away; its case then runs again.

    Args:
        folder: the output folder; made where it does not exist.

    Raises:
        ResultsError: on entering: the folder cannot be written, another process writes it, or a line is not a result.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._file: BinaryIO | None = None
        self._results: list[Result] = []

    @property
    def results(self) -> tuple[Result, ...]:
        """Everything recorded, in the order it was recorded."""
        return tuple(self._results)

    def recorded(self, bundle: BundleIdentity) -> dict[str, Result]:
        """What this bundle, in this version and with these weights, has said, by case name."""
        return {result.case: result for result in self._results if result.bundle == bundle}

    def append(self, result: Result) -> Result:
        """Record a result; when this returns, it is on the disk.

        Returns:
            The result as recorded, numbers rounded: what reading the file gives.

        Raises:
            ResultsError: it cannot be written; the file is left as it was.
        """
        if self._file is None:
            raise ValueError("the results file is not open")
        line = result.to_json()
        recorded = Result.from_json(line)
        end = self._file.seek(0, os.SEEK_END)
        try:
            _write(self._file, line.encode(errors="backslashreplace") + b"\n")  # what of a file's name is no UTF-8 becomes JSON's \udcff
        except OSError as fault:
            self._file.truncate(end)
            raise ResultsError(f"{self._path}: cannot be written: {fault.strerror}") from fault
        self._results.append(recorded)
        return recorded

    def __enter__(self) -> "ResultsFile":
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a+b", buffering=0)
        except OSError as fault:
            raise ResultsError(f"{self._path}: cannot be written: {fault.strerror}") from fault
        try:
            _lock(self._file, self._path)
            _drop_cut_off_line(self._file)
            self._results = read_results(self._path)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def read_results(path: Path) -> list[Result]:
    """Read a ``results.jsonl``; a last line that is still being written is left out.

    Args:
        path: the file.

    Raises:
        ResultsError: a line that is not a result of a schema known here; the message gives its number.
    """
    results = []
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        try:
            results.append(Result.from_json(line.decode()))
        except ValueError as fault:
            raise ResultsError(f"{path}: line {number} is not a result; take the line or the file away to go on ({fault})") from fault
    return results


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
