"""From an exception to the one line that a case's result holds, and to the log that helps to find its cause."""

import traceback
from collections.abc import Iterator
from pathlib import Path

from msk_monai.errors import DataError, UnsuitableImageError
from msk_monai.records import Findings, Status

LOG_NAME = "errors.log"
_LONGEST_REASON = 300


def findings_of(fault: BaseException) -> Findings:
    """How a case ends that raised ``fault``: ``skipped`` if the image is not what the bundle takes, else ``failed``.

    MONAI wraps what a transform raises, so the chain of causes is searched for a fault of the data; its line is the reason.
    Where there is none, the reason is the type and the first line of the exception that began it.
    """
    chain = list(_causes(fault))
    for cause in chain:
        if isinstance(cause, DataError):
            status = Status.SKIPPED if isinstance(cause, UnsuitableImageError) else Status.FAILED
            return Findings(status=status, reason=_one_line(str(cause)))
    first = chain[-1]
    lines = str(first).strip().splitlines()
    return Findings(status=Status.FAILED, reason=_one_line(f"{type(first).__name__}: {lines[0]}" if lines else type(first).__name__))


def log_fault(fault: BaseException, case: str, folder: Path, *, texts: bool = True) -> None:
    """Append the exceptions behind a failure, with the lines of code they passed through, to ``errors.log``.

    A fault of the data is not logged: its line in the results says all of it. Neither values nor local variables are written, nor, unless
    ``texts``, what the exceptions say, which may quote a header.
    """
    chain = list(_causes(fault))
    if any(isinstance(cause, DataError) for cause in chain):
        return
    with (folder / LOG_NAME).open("a", encoding="utf-8", errors="backslashreplace") as log:
        log.write(f"case {case}\n")
        for cause in reversed(chain):
            log.writelines(traceback.format_tb(cause.__traceback__))
            log.write(f"{type(cause).__name__}{f': {_one_line(str(cause))}' if texts else ''}\n")
        log.write("\n")


def _causes(fault: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = fault
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
