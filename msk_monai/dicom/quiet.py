"""Keep pydicom's warnings about odd values to itself: what matters is raised as an error or told in an image's ``warnings``."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Ignore the warnings that pydicom gives while it parses and decodes, in this thread and those it starts.

    Python 3.11 keeps one list of filters for all threads. Should two threads leave this context in an odd order, all that remains is
    that a pydicom warning is not shown.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module=r"(pydicom|msk_monai\.dicom)\b")
        yield
