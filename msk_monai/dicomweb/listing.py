"""What a server has, by QIDO-RS (PS3.18 section 10.6): the series of the studies that are meant, and the instances of a series."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dicomweb_client import DICOMwebClient
from pydicom.datadict import tag_for_keyword

from msk_monai.dicom.instance import SeriesHeader
from msk_monai.dicomweb.address import Query, Server, is_uid
from msk_monai.dicomweb.client import exchange
from msk_monai.errors import ServerError

_PAGE = 500
_FIELDS = ("SeriesDescription", "StudyDescription", "BodyPartExamined", "ProtocolName", "Manufacturer", "NumberOfSeriesRelatedInstances")
"""Asked for beside what a server gives anyway; one that does not have them leaves them out."""
_LONGEST_TEXT = 128

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ListedSeries:
    """A series as a server describes it.

    Args:
        header: with its UIDs; what the server does not tell is absent.
        instances: how many it has; ``None`` where the server does not tell.
    """

    header: SeriesHeader
    instances: int | None


def list_series(client: DICOMwebClient, query: Query) -> list[ListedSeries]:
    """The series that a query selects, in the server's order.

    Raises:
        ServerError: the server cannot be asked, or has none of them.
    """
    found = [series for study in _studies(client, query) for series in _series_of(client, query, study)]
    if not found:
        raise ServerError(f"{query.server.url}: it has no series that the query selects")
    return found


def list_instances(client: DICOMwebClient, server: Server, study: str, series: str) -> list[str]:
    """The SOP Instance UIDs of a series.

    Raises:
        ServerError: the server cannot be asked, or names one that is no UID.
    """
    rows = _all_pages(server, "SOPInstanceUID", lambda **page: client.search_for_instances(study, series, **page))
    return [_uid(server, row, "SOPInstanceUID") for row in rows]


def has_instance(client: DICOMwebClient, server: Server, study: str, series: str, instance: str) -> bool:
    """Whether a server has an instance.

    Raises:
        ServerError: the server cannot be asked.
    """
    filters = {"StudyInstanceUID": study, "SeriesInstanceUID": series, "SOPInstanceUID": instance}
    with exchange(server):
        rows = client.search_for_instances(search_filters=filters)
        return any(_text(row, "SOPInstanceUID") == instance for row in rows)


def _studies(client: DICOMwebClient, query: Query) -> list[str]:
    if query.study is not None and not query.study_filters:
        return [query.study]
    filters = {**query.study_filters, **({"StudyInstanceUID": query.study} if query.study else {})}
    rows = _all_pages(query.server, "StudyInstanceUID", lambda **page: client.search_for_studies(search_filters=filters, **page))
    return [_uid(query.server, row, "StudyInstanceUID") for row in rows]


def _series_of(client: DICOMwebClient, query: Query, study: str) -> Iterator[ListedSeries]:
    filters = {**query.series_filters, **({"SeriesInstanceUID": query.series} if query.series else {})}

    def search(*, limit: int, offset: int) -> list[Row]:
        return client.search_for_series(study, fields=_FIELDS, search_filters=filters, limit=limit, offset=offset)

    for row in _all_pages(query.server, "SeriesInstanceUID", search):
        modality = _text(row, "Modality")
        header = SeriesHeader(
            study_uid=study,
            series_uid=_uid(query.server, row, "SeriesInstanceUID"),
            modality=modality.upper() if modality else None,
            description=_text(row, "SeriesDescription"),
            study_description=_text(row, "StudyDescription"),
            protocol=_text(row, "ProtocolName"),
            body_part=_text(row, "BodyPartExamined"),
            manufacturer=_text(row, "Manufacturer"),
        )
        count = _text(row, "NumberOfSeriesRelatedInstances") or ""
        yield ListedSeries(header=header, instances=int(count) if count.isdecimal() else None)


def _all_pages(server: Server, key: str, search: Callable[..., list[Row]]) -> list[Row]:
    """Every row, each once.

    A server may give fewer than it is asked for at a time: only an empty page is the last, or one without anything new, of a server
    that knows no offset.
    """
    rows: dict[str | None, Row] = {}
    received = 0
    while True:
        with exchange(server):
            page = search(limit=_PAGE, offset=received)
            new = {uid: row for row in page if (uid := _text(row, key)) not in rows}
        if not new:
            return list(rows.values())
        rows.update(new)
        received += len(page)


def _uid(server: Server, row: Row, keyword: str) -> str:
    uid = _text(row, keyword)
    if uid is None or not is_uid(uid):
        raise ServerError(f"{server.url}: expected a {keyword} of each thing it lists, got one without")
    return uid


def _text(row: Row, keyword: str) -> str | None:
    """The first value of an attribute in the DICOM JSON model (PS3.18 Annex F), if it is a printable text or a number."""
    values = row.get(f"{tag_for_keyword(keyword):08X}", {}).get("Value") or [None]
    text = str(values[0]).strip(" \0") if isinstance(values[0], (str, int)) else ""
    return text if text and text.isprintable() and len(text) <= _LONGEST_TEXT else None
