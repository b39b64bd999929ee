"""``results.jsonl``: the record of a run, which survives its process being killed at any moment.

Every other file of a run can be made again from it. One line is one :class:`~msk_monai.records.Result`.
"""

from pathlib import Path

from msk_monai.errors import ResultsError
from msk_monai.records import BundleIdentity, Result
from msk_monai.report.lines import LinesFile

FILE_NAME = "results.jsonl"


class ResultsFile:
    """The results of a folder, opened for continuing them; only one process at a time can (see :class:`LinesFile`).

    A case whose line was cut off by a killed process runs again.

    Args:
        folder: the output folder; made where it does not exist.

    Raises:
        ResultsError: on entering: the folder cannot be written, another process writes it, or a line is not a result.
    """

    def __init__(self, folder: Path) -> None:
        self._lines = LinesFile(folder / FILE_NAME)
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
        line = result.to_json()
        recorded = Result.from_json(line)
        self._lines.append(line)
        self._results.append(recorded)
        return recorded

    def __enter__(self) -> "ResultsFile":
        self._lines.__enter__()
        try:
            self._results = read_results(self._lines.path)
        except BaseException:
            self._lines.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()


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
