"""Settings of a config that cannot be."""

from msk_monai.errors import BundleError


def require(condition: bool, message: str) -> None:
    """Stop a config whose settings do not go together, with one line; for its ``initialize``.

    Raises:
        BundleError: the condition does not hold.
    """
    if not condition:
        raise BundleError(message)
