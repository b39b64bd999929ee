"""Messages that differ in a number or a file only, as one kind, to be counted and listed together."""

import re

_SUBJECT = re.compile(r"^[^:]*\.[^:\s]+: (?=\S)")
"""A file name or a UID in front of a message: what the fault is about, not what it is."""
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)*(?!\w)")


def kind_of(message: str) -> str:
    """The message without what it is about and without its numbers; ``L3`` and the like are names and stay.

    >>> kind_of("IM 3.dcm: expected 12 slices, got 11")
    'expected … slices, got …'
    >>> kind_of("1.2.840.1: L3 is not in this scan: it ends above L3")
    'L3 is not in this scan: it ends above L3'
    """
    return _NUMBER.sub("…", _SUBJECT.sub("", message))
