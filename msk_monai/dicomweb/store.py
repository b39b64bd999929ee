"""Storing a run's DICOM objects by STOW-RS (PS3.18 section 10.5): each once, none lost, whatever the network and the server do.

A server is asked for an object right before it is sent. So what was stored and whose answer was lost is found there, and not sent again;
what is not there is sent until the server has accepted or refused it. What it has accepted is recorded and not asked for again.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset, dcmread

from msk_monai.dicomweb.address import Server
from msk_monai.dicomweb.client import Patience, exchange, status_text
from msk_monai.dicomweb.listing import has_instance
from msk_monai.dicomweb.reasons import meaning
from msk_monai.dicomweb.record import StoredFile
from msk_monai.errors import ServerAwayError, ServerError
from msk_monai.records import Result
from msk_monai.report.dicom_objects import LABELS, PICTURE, REPORT

_ORDER = (LABELS, REPORT, PICTURE)
"""A report refers to the label map: that goes first."""
_OF_THE_OBJECT = frozenset({400, 406, 409, 411, 413, 415, 422})
"""Statuses that are about what was sent; any other one meets every object."""
_INTERNAL_ERROR = 500
_UNREADABLE = "expected a DICOM object, got none that can be read"


@dataclass(frozen=True)
class _Object:
    file: str
    study: str
    series: str
    uid: str


@dataclass(frozen=True)
class _Answer:
    """What a server says of an object: stored (perhaps with a warning), refused, or neither."""

    stored: bool = False
    warning: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of the objects of a folder.

    Args:
        stored: how many were sent and accepted.
        found: how many the server had already when it was asked.
        known: how many it had accepted in earlier runs.
        refused: how many it refused, or that cannot be sent.
        waiting: how many it has not taken yet; the same command goes on with them.
        reason: why they wait.
    """

    stored: int
    found: int
    known: int
    refused: int
    waiting: int
    reason: str | None = None

    @property
    def complete(self) -> bool:
        """Whether the server has everything."""
        return not self.refused and not self.waiting


class Sender:
    """Sends objects as they are written, and those that were not taken again later.

    While the server is away nothing waits for it: it is tried again after a pause that doubles, when the next case is done.

    Args:
        client: of the server (``connect_to_store``).
        server: to store on.
        record: of what it has accepted.
        out: the output folder.
        patience: bounds.
        say: takes lines for the user.
    """

    def __init__(
        self, client: DICOMwebClient, server: Server, record: StoredFile, out: Path, *, patience: Patience, say: Callable[[str], None]
    ) -> None:
        self._client, self._server, self._record, self._out, self._patience, self._say = client, server, record, out, patience, say
        self._waiting: dict[str, _Object] = {}
        self._refused: set[str] = set()
        self._known: set[str] = set()
        self._done: set[str] = set()
        self._stored = self._found = 0
        self._fault: ServerError | None = None
        self._pause = patience.pause
        self._not_before = 0.0

    def __call__(self, result: Result) -> None:
        """Take a result's objects, and send what can be sent now."""
        self._take(result)
        if time.monotonic() >= self._not_before:
            self._send_all()

    def finish(self, results: Iterable[Result]) -> Outcome:
        """Send what still lacks of a folder's results, for a bounded time where the server is away."""
        for result in results:
            self._take(result)
        deadline = time.monotonic() + self._patience.finally_wait
        self._send_all()
        while self._waiting and isinstance(self._fault, ServerAwayError) and self._not_before < deadline:
            time.sleep(max(self._not_before - time.monotonic(), 0.0))
            self._send_all()
        return Outcome(
            stored=self._stored,
            found=self._found,
            known=len(self._known),
            refused=len(self._refused),
            waiting=len(self._waiting),
            reason=str(self._fault) if self._waiting and self._fault else None,
        )

    def _take(self, result: Result) -> None:
        for kind in _ORDER:
            if kind not in result.outputs:
                continue
            file = result.outputs[kind]
            try:
                one = _read_object(self._out, file)
            except Exception:  # pydicom raises whatever it likes, and may quote the header
                self._refuse(file, file, _UNREADABLE)
                continue
            if one.uid in self._done or one.uid in self._refused:
                continue
            if self._record.has(self._server.url, one.uid):
                self._known.add(one.uid)
            else:
                self._waiting[one.uid] = one

    def _send_all(self) -> None:
        if self._fault is not None and not isinstance(self._fault, ServerAwayError):
            return  # what it said holds for everything
        was_away, self._fault = self._fault, None
        for one in list(self._waiting.values()):
            try:
                self._send(one)
            except ServerError as fault:
                self._fault = fault
                if fault.status != _INTERNAL_ERROR:
                    break
        if self._fault is None:
            self._pause, self._not_before = self._patience.pause, 0.0
        elif isinstance(self._fault, ServerAwayError):
            self._not_before = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, self._patience.longest_pause)
        if self._fault is not None and was_away is None:
            self._say(f"{self._fault}; what is not stored waits")

    def _send(self, one: _Object) -> None:
        if self._is_there(one):
            return self._accepted(one, found=True)
        try:
            dataset = dcmread(self._out / one.file)
        except Exception:  # it was there when it was taken
            return self._give_up(one, _UNREADABLE)
        answer = self._post(one, dataset)
        if answer.stored:
            return self._accepted(one, warning=answer.warning)
        if self._is_there(one):  # refused as a duplicate, or stored without a word
            return self._accepted(one, found=answer.refusal is not None)
        self._give_up(one, answer.refusal or "it was answered, but the server does not have it")

    def _is_there(self, one: _Object) -> bool:
        try:
            return has_instance(self._client, self._server, one.study, one.series, one.uid)
        except ServerAwayError:
            raise
        except ServerError as fault:
            raise ServerError(f"{fault}, and unless it says what it has (QIDO-RS), nothing is sent", status=fault.status) from None

    def _post(self, one: _Object, dataset: Dataset) -> _Answer:
        with exchange(self._server):
            try:
                return _understood(self._client.store_instances([dataset]), one.uid)
            except requests.HTTPError as fault:
                if fault.response is None or fault.response.status_code not in _OF_THE_OBJECT:
                    raise
                return _refused(fault.response, one.uid)

    def _accepted(self, one: _Object, *, found: bool = False, warning: str | None = None) -> None:
        self._record.add(self._server.url, one.uid, one.file, found=found, warning=warning)
        del self._waiting[one.uid]
        self._done.add(one.uid)
        self._found += found
        self._stored += not found
        if warning:
            self._say(f"{one.file}: the server stored it changed: {warning}")

    def _give_up(self, one: _Object, reason: str) -> None:
        del self._waiting[one.uid]
        self._refuse(one.uid, one.file, reason)

    def _refuse(self, key: str, file: str, reason: str) -> None:
        if key not in self._refused:
            self._refused.add(key)
            self._say(f"{file}: not stored: {reason}")


def _read_object(out: Path, file: str) -> _Object:
    header = dcmread(out / file, specific_tags=["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"], stop_before_pixels=True)
    return _Object(file, str(header.StudyInstanceUID), str(header.SeriesInstanceUID), str(header.SOPInstanceUID))


def _understood(answer: Dataset, uid: str) -> _Answer:
    """What the Store Instances Response Module (PS3.18 Table 10.5.3-2) says of an instance."""
    for item in answer.get("FailedSOPSequence") or ():
        if item.get("ReferencedSOPInstanceUID") in (uid, None):
            return _Answer(refusal=meaning(int(item.get("FailureReason") or 0)))
    for item in answer.get("ReferencedSOPSequence") or ():
        if item.get("ReferencedSOPInstanceUID") == uid:
            reason = item.get("WarningReason")
            return _Answer(stored=True, warning=meaning(int(reason)) if reason else None)
    return _Answer()


def _refused(response: requests.Response, uid: str) -> _Answer:
    status = status_text(response.status_code)
    try:
        body: Any = response.json()
        refusal = _understood(Dataset.from_json(body), uid).refusal
    except Exception:  # no JSON, or no data set in it: the status says enough
        refusal = None
    return _Answer(refusal=f"{refusal}, {status}" if refusal else f"it refuses ({status})")
