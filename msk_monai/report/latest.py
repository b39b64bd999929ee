"""Which of the recorded results count."""

from collections.abc import Iterable

from msk_monai.records import Result


def current(results: Iterable[Result]) -> list[Result]:
    """The last result of each case and bundle: an older version of the bundle, or other weights, may have gone before.

    Returns:
        The results in the order in which their cases were first recorded.
    """
    return list({(result.case, result.bundle.name): result for result in results}.values())
