"""``stored.jsonl``: which objects a server has accepted, so that they are not sent again."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from msk_monai.errors import ResultsError
from msk_monai.report.lines import LinesFile

FILE_NAME = "stored.jsonl"
SCHEMA = "msk_monai.stored/1"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One line: an object that a server has.

    Args:
        server: its URL.
        sop_instance_uid: of the object.
        file: where it lies, relative to the output folder.
        time: of the server's word, UTC (ISO 8601).
        found: whether the server had it already when it was asked, from another run or a store whose answer was lost.
        warning: the reason with which the server stored it changed, if it did.
    """

    server: str
    sop_instance_uid: str
    file: str
    time: str
    found: bool = False
    warning: str | None = None


class StoredFile:
    """The record of a folder, opened for continuing it; only one process at a time can, so that no two send the same.

    Args:
        folder: the output folder.

    Raises:
        ResultsError: on entering: the folder cannot be written, another process stores what is in it, or a line is no such record.
    """

    def __init__(self, folder: Path) -> None:
        self._lines = LinesFile(folder / FILE_NAME)
        self._known: set[tuple[str, str]] = set()

    def has(self, server: str, sop_instance_uid: str) -> bool:
        """Whether the server is known to have the object."""
        return (server, sop_instance_uid) in self._known

    def add(self, server: str, sop_instance_uid: str, file: str, *, found: bool = False, warning: str | None = None) -> None:
        """Record an object; when this returns, that is on the disk.

        Raises:
            ResultsError: it cannot be written.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = Stored(server=server, sop_instance_uid=sop_instance_uid, file=file, time=now, found=found, warning=warning)
        self._lines.append(json.dumps({"schema": SCHEMA, **{name: value for name, value in asdict(line).items() if value}}))
        self._known.add((server, sop_instance_uid))

    def __enter__(self) -> "StoredFile":
        self._lines.__enter__()
        try:
            self._known = {(line.server, line.sop_instance_uid) for line in read_stored(self._lines.path)}
        except BaseException:
            self._lines.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()


def read_stored(path: Path) -> list[Stored]:
    """Read a ``stored.jsonl``; a last line that is still being written is left out.

    Raises:
        ResultsError: a line that is no such record; the message gives its number.
    """
    stored = []
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        try:
            row = json.loads(line)
            if row.pop("schema") != SCHEMA:
                raise ValueError(f"expected schema {SCHEMA}")
            stored.append(Stored(**row))
        except (ValueError, TypeError, KeyError, AttributeError) as fault:
            raise ResultsError(f"{path}: line {number} is no record of a stored object; take the line away to go on") from fault
    return stored
