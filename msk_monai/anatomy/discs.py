"""The lumbar discs, named by the vertebrae above and below, with their SNOMED CT codes (DICOM PS3.16 CID 7604)."""

from msk_monai.anatomy.concepts import Concept

LEVELS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
"""From the head down."""


def level_key(name: str) -> str:
    """How the names of a disc's measurements begin.

    >>> level_key("L4-L5")
    'l4_l5'
    """
    return name.lower().replace("-", "_")


_SNOMED = {"L1-L2": "80064006", "L2-L3": "67459009", "L3-L4": "62551000", "L4-L5": "84020006", "L5-S1": "715056000"}


def disc_concept(name: str) -> Concept:
    """The SNOMED CT concept of a disc.

    Raises:
        ValueError: the name is not a lumbar disc.

    >>> disc_concept("L4-L5")
    Concept(value='84020006', scheme='SCT', meaning='L4/L5 disc')
    """
    if name not in _SNOMED:
        raise ValueError(f"expected a disc from L1-L2 to L5-S1, got {name!r}")
    return Concept(_SNOMED[name], "SCT", f"{name.replace('-', '/')} disc")
