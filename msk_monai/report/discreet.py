"""Keeping to themselves what libraries say: they quote what they read, and a patient's values are among it."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

DICOM_LIBRARIES = ("pydicom", "highdicom")


@contextmanager
def discreet(names: Iterable[str] = DICOM_LIBRARIES) -> Iterator[None]:
    """Let nothing out that is logged under these names, and no warning.

    Args:
        names: of loggers; those that are disabled already stay so.
    """
    loggers = [logger for name in names if not (logger := logging.getLogger(name)).disabled]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger in loggers:
                logger.disabled = False
