"""A coded concept, as DICOM writes it (PS3.3 section 8.8, Standard Attributes of a Code Sequence)."""

from dataclasses import dataclass

PRIVATE_SCHEME = "99MSKMONAI"
"""Designator of the coding scheme for what no standard one has a code for (PS3.16 section 8.2: a private one begins with 99)."""


@dataclass(frozen=True)
class Concept:
    """A code value, its scheme (``SCT`` for SNOMED CT, ``UCUM``, ``DCM``) and its meaning in words."""

    value: str
    scheme: str
    meaning: str


def private(value: str, meaning: str | None = None) -> Concept:
    """A concept of this package's own scheme; the meaning is the value in words where none is given.

    >>> private("disc_height_index")
    Concept(value='disc_height_index', scheme='99MSKMONAI', meaning='Disc height index')
    """
    words = value.replace("_", " ")
    return Concept(value, PRIVATE_SCHEME, meaning or words[:1].upper() + words[1:])
