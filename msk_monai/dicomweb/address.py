"""The URL of a DICOMweb server, and which of its studies are meant. No message here repeats a URL: it may hold what nobody should read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydicom.datadict import keyword_for_tag, tag_for_keyword

SCHEMES = {"dicomweb": "http", "dicomwebs": "https", "http": "http", "https": "https"}
"""What the scheme of an address stands for."""
SERIES_KEYS = frozenset({"Modality", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "BodyPartExamined", "ProtocolName"})
"""Filters that are about series; any other one is about studies (PS3.18 Table 10.6.1-5)."""
LONGEST_UID = 64
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_HOST = re.compile(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]")
_PATH = re.compile(r"[\w./~%-]*")
_SELECTED = re.compile(r"(?P<root>.*?)/studies(?:/(?P<study>[^/]*)(?:/series(?:/(?P<series>[^/]*))?)?)?")
_FORM = "dicomweb://HOST[:PORT]/PATH[/studies/UID[/series/UID]][?ATTRIBUTE=VALUE&...], or dicomwebs:// for HTTPS"


@dataclass(frozen=True)
class Server:
    """Where a service's resources begin.

    Args:
        url: ``http`` or ``https``, without credentials, query and slash at the end.
    """

    url: str

    @property
    def authority(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc

    @property
    def origin(self) -> tuple[str, str]:
        """What two services share that may be given the same credentials: scheme, host and port."""
        return urlsplit(self.url).scheme, self.authority


@dataclass(frozen=True, kw_only=True)
class Query:
    """Studies or series of a server.

    Args:
        server: where.
        study: its Study Instance UID, if one is meant.
        series: its Series Instance UID, if one of the study is meant.
        study_filters: values by keyword. Not printed with the rest: a patient's are among them.
        series_filters: the same, of series.
    """

    server: Server
    study: str | None = None
    series: str | None = None
    study_filters: Mapping[str, str] = field(default_factory=dict, repr=False)
    series_filters: Mapping[str, str] = field(default_factory=dict, repr=False)


def is_uid(text: str) -> bool:
    """Whether a text is a UID (PS3.5 section 9.1), and so a safe file name; components may begin with 0, as they do in the wild."""
    return len(text) <= LONGEST_UID and _UID.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether an input is a server rather than a path."""
    return text.lower().startswith(("dicomweb:", "dicomwebs:"))


def parse_server(url: str) -> Server:
    """The server of a URL.

    Raises:
        ValueError: it is none, or holds credentials or a query.
    """
    parts = _parts(url)
    if parts.query:
        raise ValueError("expected the URL of a server, got one with a query")
    return _server(parts, parts.path)


def parse_query(url: str) -> Query:
    """What an address selects.

    Raises:
        ValueError: it is none, holds credentials, or names a UID or an attribute that is none.
    """
    parts = _parts(url)
    selected = _SELECTED.fullmatch(parts.path.rstrip("/"))
    study, series = (selected["study"], selected["series"]) if selected else (None, None)
    if any(uid is not None and not is_uid(uid) for uid in (study, series)):
        raise ValueError("expected UIDs after studies/ and series/, got something else")
    filters = _filters(parts.query)
    return Query(
        server=_server(parts, selected["root"] if selected else parts.path),
        study=study,
        series=series,
        study_filters={keyword: value for keyword, value in filters.items() if keyword not in SERIES_KEYS},
        series_filters={keyword: value for keyword, value in filters.items() if keyword in SERIES_KEYS},
    )


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # it quotes what it takes for the port: a password, perhaps
        raise ValueError(f"expected {_FORM}") from None
    if "@" in parts.netloc or "@" in parts.path:
        raise ValueError("credentials do not belong in a URL: take them out, and set them in the environment or in a netrc file")
    host = parts.netloc.removesuffix(f":{port}")
    path = _PATH.fullmatch(parts.path) and ".." not in parts.path.split("/")
    if parts.scheme.lower() not in SCHEMES or not _HOST.fullmatch(host) or not path or parts.fragment:
        raise ValueError(f"expected {_FORM}")
    return parts


def _server(parts: SplitResult, path: str) -> Server:
    return Server(f"{SCHEMES[parts.scheme.lower()]}://{parts.netloc}{path.rstrip('/')}")


def _filters(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise ValueError("expected ATTRIBUTE=VALUE&... after the question mark, got something else") from None
    filters = {}
    for name, value in pairs:
        keyword = keyword_for_tag(int(name, 16)) if re.fullmatch(r"[0-9A-Fa-f]{8}", name) else name
        if not keyword or tag_for_keyword(keyword) is None:
            raise ValueError("expected DICOM keywords or tags as names in the query, got another name")
        if not value or keyword in filters:
            raise ValueError(f"expected one value of {keyword} in the query")
        filters[keyword] = value
    return filters
