"""Who asks: from the environment, or else from a netrc file (which requests reads by itself, also from ``$NETRC``)."""

import os

from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from msk_monai.errors import ServerError

SOURCE_PREFIX = "MSK_MONAI_DICOMWEB"
"""Of the variables for the server that images come from: ``..._USER`` and ``..._PASSWORD``, or ``..._TOKEN``."""
STORE_PREFIX = "MSK_MONAI_STORE"
"""The same for the server that results go to."""


Auth = AuthBase


class BearerToken(Auth):
    """A token as RFC 6750 sends it; it is never printed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the token into a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def credentials(*prefixes: str) -> Auth | None:
    """The credentials of the first prefix that has any; ``None`` leaves the question to the netrc file.

    Raises:
        ServerError: a user without a password or the other way round, or a token beside them.
    """
    for prefix in prefixes:
        user, password, token = (os.environ.get(f"{prefix}_{name}") for name in ("USER", "PASSWORD", "TOKEN"))
        if token and not (user or password):
            return BearerToken(token)
        if user and password and not token:
            return HTTPBasicAuth(user, password)
        if user or password or token:
            raise ServerError(f"set either {prefix}_USER and {prefix}_PASSWORD, or {prefix}_TOKEN")
    return None
