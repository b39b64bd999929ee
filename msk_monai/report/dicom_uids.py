"""UIDs that follow from what they name, so that the same result, made twice, is the same object."""

import hashlib
import uuid

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "msk_monai")


def derived_uid(*parts: str) -> str:
    """A UID derived from a UUID (PS3.5 section B.2), which is derived from texts (version 5, RFC 9562).

    Args:
        parts: what tells the object from every other one; their order and their boundaries count.

    >>> derived_uid("a", "bc") == derived_uid("a", "bc") != derived_uid("ab", "c")
    True
    """
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return f"2.25.{uuid.uuid5(_NAMESPACE, digest.hexdigest()).int}"
