"""A coded concept, as DICOM writes it (PS3.3 section 8.8, Standard Attributes of a Code Sequence)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Concept:
    """A code value, its scheme (``SCT`` for SNOMED CT, ``UCUM``, ``DCM``) and its meaning in words."""

    value: str
    scheme: str
    meaning: str
