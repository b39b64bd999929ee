"""Fetching series by WADO-RS (PS3.18 section 10.4) into a folder, where every file is whole and is fetched once."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from dicomweb_client import DICOMwebClient
from pydicom.dataset import Dataset

from msk_monai.dicomweb.address import Server, is_uid
from msk_monai.dicomweb.client import Patience, exchange, silence
from msk_monai.dicomweb.listing import ListedSeries, list_instances
from msk_monai.errors import ResultsError, ServerAwayError, ServerError
from msk_monai.report.files import replacing_whole

_AS_STORED = (("application/dicom", "*"),)
"""Of media types and transfer syntaxes."""
_SUFFIX = ".dcm"
_PRIVATE = 0o700
_ATTEMPTS = 3


def fetch_series(client: DICOMwebClient, server: Server, series: ListedSeries, root: Path, patience: Patience) -> tuple[Path, ...]:
    """Fetch what the folder lacks of a series.

    A series is streamed as a whole. If the stream breaks, or most is there already, what lacks is asked for instance by instance.

    Args:
        client: of the server.
        server: that lists it.
        series: to fetch.
        root: its files go to ``root/<study UID>/<series UID>/<SOP Instance UID>.dcm``, in the transfer syntax in which they are stored.
        patience: bounds.

    Returns:
        The files of the series, all of them.

    Raises:
        ServerAwayError: the server went away; what had come stays.
        ServerError: the server cannot give it.
        ResultsError: the folder cannot be written.
    """
    return _Fetching(client, server, series, root, patience).files()


class _Fetching:
    def __init__(self, client: DICOMwebClient, server: Server, series: ListedSeries, root: Path, patience: Patience) -> None:
        self._client, self._server, self._patience = client, server, patience
        self._study, self._series, self._count = series.header.study_uid, series.header.series_uid, series.instances
        self._root = root
        self._folder = root / self._study / self._series

    def files(self) -> tuple[Path, ...]:
        here = self._here()
        if not here or len(here) != self._count:
            listed = list_instances(self._client, self._server, self._study, self._series)
            if not listed:
                raise ServerError(f"{self._server.url}: it lists no instance of series {self._series}")
            self._complete(listed, here)
            here = set(listed)
        return tuple(sorted(self._path(uid) for uid in here))

    def _here(self) -> set[str]:
        return {path.stem for path in self._folder.glob(f"*{_SUFFIX}") if is_uid(path.stem)}

    def _complete(self, listed: Sequence[str], here: set[str]) -> None:
        lacking = [uid for uid in listed if uid not in here]
        if len(lacking) > 1 and 2 * len(lacking) >= len(listed):
            with suppress(ServerError):  # perhaps because of one instance: the others come one by one
                self._stream(set(lacking))
            lacking = [uid for uid in lacking if not self._path(uid).exists()]
        for uid in lacking:
            self._fetch(uid)

    def _stream(self, lacking: set[str]) -> None:
        with exchange(self._server):
            datasets = self._client.iter_series(self._study, self._series, media_types=_AS_STORED)
        for dataset in self._received(datasets):
            uid = str(dataset.get("SOPInstanceUID"))
            if uid in lacking:
                self._keep(dataset, uid)
                lacking.remove(uid)
            if not lacking:
                return

    def _received(self, datasets: Iterator[Dataset]) -> Iterator[Dataset]:
        while True:
            with exchange(self._server):
                dataset = next(datasets, None)
            if dataset is None:
                return
            yield dataset

    def _fetch(self, uid: str) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                with exchange(self._server):
                    dataset = self._client.retrieve_instance(self._study, self._series, uid, media_types=_AS_STORED)
                return self._keep(dataset, uid)
            except ServerAwayError:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(self._patience.pause * 2**attempt)

    def _keep(self, dataset: Dataset, uid: str) -> None:
        """A file under its final name is whole, and is what was asked for."""
        told = tuple(str(dataset.get(name)) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
        if told != (self._study, self._series, uid):
            raise ServerError(f"{self._server.url}: expected instance {uid} of series {self._series}, got another object")
        try:
            self._root.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            self._folder.mkdir(parents=True, exist_ok=True)
            with replacing_whole(self._path(uid)) as partial, silence():
                _write(dataset, partial, subject=f"{self._server.url}: instance {uid}")
        except OSError as fault:
            raise ResultsError(f"{self._folder}: cannot be written: {fault.strerror}") from fault

    def _path(self, uid: str) -> Path:
        return self._folder / f"{uid}{_SUFFIX}"


def _write(dataset: Dataset, path: Path, *, subject: str) -> None:
    try:
        dataset.save_as(path, enforce_file_format=True)
    except OSError:
        raise
    except Exception as fault:  # pydicom raises whatever it likes, and may quote the header: hence "from None"
        raise ServerError(f"{subject} is no DICOM object that can be kept ({type(fault).__name__})") from None
