"""The connection to a server: dicomweb-client's, with bounds on time and repetition, and nothing said about what goes over it.

What requests, urllib3 and dicomweb-client log and raise quotes URLs (a query may hold a patient's ID) and answers' headers. So every
exchange happens in :func:`exchange`, in which they are silent, and out of which comes a ServerError in words of our own.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import requests
from dicomweb_client import DICOMwebClient
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from msk_monai.dicomweb.address import Server
from msk_monai.dicomweb.credentials import Auth
from msk_monai.errors import MskMonaiError, ServerAwayError, ServerError
from msk_monai.report.discreet import discreet

_LOGGERS = ("dicomweb_client", "dicomweb_client.web", "requests", "urllib3", "urllib3.connectionpool", "urllib3.util.retry", "pydicom")
_AWAY = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed later."""
_CHUNK = 1 << 20
_WHOLE = 1 << 62
"""More than any message: then the client sends it with its length. In chunks it could not be repeated, and some servers drop it."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a server is waited for.

    Args:
        connect: seconds for a connection.
        answer: seconds between two pieces of an answer.
        retries: how often a question is repeated.
        pause: seconds before the second repetition; it doubles with each, up to ``longest_pause``.
        longest_pause: seconds.
        finally_wait: seconds at a run's end for what could not be stored before.
    """

    connect: float = 10.0
    answer: float = 120.0
    retries: int = 5
    pause: float = 0.5
    longest_pause: float = 30.0
    finally_wait: float = 60.0


def connect(server: Server, auth: Auth | None, patience: Patience) -> DICOMwebClient:
    """A client that asks again, within bounds, where a server does not answer; what it sends, it sends once.

    Certificates are always verified, against the system's authorities or those of ``REQUESTS_CA_BUNDLE``; no redirection is followed.

    Args:
        server: to connect to, when it is first asked.
        auth: credentials; ``None`` for those of a netrc file.
        patience: bounds.
    """
    session = requests.Session()
    session.auth = auth
    session.max_redirects = 0
    session.headers["Accept"] = "application/dicom+json"  # of stores; questions say their own
    session.hooks["response"] = [_plain_media_type, _require_an_end]
    retry = Retry(
        total=patience.retries,
        allowed_methods={"GET"},
        status_forcelist=_AWAY - {500},
        raise_on_status=False,
        respect_retry_after_header=False,
        backoff_factor=patience.pause,
        backoff_max=patience.longest_pause,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    client = DICOMwebClient(server.url, session=session, chunk_size=_CHUNK, timeout=(patience.connect, patience.answer))
    client.set_http_retry_params(retry=False)
    client.host = server.authority  # goes into the Host field, where dicomweb-client leaves the port out
    return client


def connect_to_store(server: Server, auth: Auth | None, patience: Patience) -> DICOMwebClient:
    """The same for a server to store on: nothing is repeated by itself, since one asks before sending again."""
    client = connect(server, auth, replace(patience, retries=0))
    client.set_chunk_size(_WHOLE)
    return client


@contextmanager
def exchange(server: Server) -> Iterator[None]:
    """Around every exchange with a server.

    Raises:
        ServerAwayError: it does not answer, or says that it cannot now.
        ServerError: it refuses, or answers with what cannot be understood.
    """
    with silence():
        try:
            yield
        except MskMonaiError:
            raise
        except Exception as fault:  # from None: their words quote the URL
            raise _error(server, fault) from None


def _status_error(server: Server, status: int) -> ServerError:
    """The error that a status of HTTP comes to."""
    if status in _AWAY:
        return ServerAwayError(f"{server.url}: it cannot answer now ({status_text(status)})", status=status)
    if status == HTTPStatus.UNAUTHORIZED:
        return ServerError(f"{server.url}: it wants credentials, or others than these ({status_text(status)})", status=status)
    return ServerError(f"{server.url}: it refuses ({status_text(status)})", status=status)


def status_text(status: int) -> str:
    """A status in the words of the standard, not of the server."""
    known = status in set(HTTPStatus)
    return f"HTTP {status} {HTTPStatus(status).phrase}" if known else f"HTTP {status}"


def _error(server: Server, fault: Exception) -> ServerError:
    kind = type(fault).__name__
    if isinstance(fault, requests.HTTPError) and fault.response is not None:
        return _status_error(server, fault.response.status_code)
    if isinstance(fault, requests.TooManyRedirects):
        return ServerError(f"{server.url}: it redirects to another address; give that one")
    if isinstance(fault, requests.exceptions.SSLError):
        return ServerError(f"{server.url}: no trusted connection can be made ({kind}); REQUESTS_CA_BUNDLE names further authorities")
    if isinstance(fault, requests.Timeout):
        return ServerAwayError(f"{server.url}: it does not answer in time ({kind})")
    if isinstance(fault, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        return ServerAwayError(f"{server.url}: it cannot be reached, or the connection broke ({kind})")
    return ServerError(f"{server.url}: its answer cannot be understood ({kind})")


def _plain_media_type(response: requests.Response, *_: Any, **__: Any) -> None:
    """dicomweb-client takes ``application/dicom+json`` for JSON, but not ``application/dicom+json; charset=utf-8``."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type in ("application/dicom+json", "application/json", "application/dicom+xml", "application/xml"):
        response.headers["Content-Type"] = media_type


def _require_an_end(response: requests.Response, *_: Any, **__: Any) -> None:
    """An answer that ends where the connection does may have lost a part unseen."""
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    if response.status_code == HTTPStatus.OK and "Content-Length" not in response.headers and not chunked:
        response.close()
        raise requests.exceptions.InvalidHeader("an answer without its length")


def silence() -> AbstractContextManager[None]:
    """Keep to themselves what the libraries log and warn about: it quotes what they are asked for and what they read."""
    return discreet(_LOGGERS)
