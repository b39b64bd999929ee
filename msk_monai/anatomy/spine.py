"""The levels of the spine in order from the head down, with their SNOMED CT codes (DICOM PS3.16 CID 7603)."""

from dataclasses import dataclass

from msk_monai.anatomy.concepts import Concept


@dataclass(frozen=True)
class SpineLevel:
    """One vertebra: short name and SNOMED CT code value."""

    name: str
    snomed: str


SPINE: tuple[SpineLevel, ...] = (
    SpineLevel("T1", "64864005"),
    SpineLevel("T2", "53733008"),
    SpineLevel("T3", "1626008"),
    SpineLevel("T4", "73071006"),
    SpineLevel("T5", "56401006"),
    SpineLevel("T6", "45296009"),
    SpineLevel("T7", "62487009"),
    SpineLevel("T8", "11068009"),
    SpineLevel("T9", "82687006"),
    SpineLevel("T10", "7610001"),
    SpineLevel("T11", "12989004"),
    SpineLevel("T12", "23215003"),
    SpineLevel("L1", "66794005"),
    SpineLevel("L2", "14293000"),
    SpineLevel("L3", "36470004"),
    SpineLevel("L4", "11994002"),
    SpineLevel("L5", "49668003"),
    SpineLevel("S1", "54735007"),
)
"""T1 to S1. S1 carries the code of the sacrum, of which it is the top."""

_ORDER = {level.name: place for place, level in enumerate(SPINE)}


def level_range(first: str, last: str) -> tuple[str, ...]:
    """Names of the levels from ``first`` down to ``last``, both included.

    Raises:
        ValueError: a name is not a level, or ``last`` lies above ``first``.

    >>> level_range("T12", "L2")
    ('T12', 'L1', 'L2')
    """
    top, bottom = _place(first), _place(last)
    if bottom < top:
        raise ValueError(f"expected the levels from the head down, got {first} to {last}")
    return tuple(level.name for level in SPINE[top : bottom + 1])


def concept(name: str) -> Concept:
    """The SNOMED CT concept of a level.

    Raises:
        ValueError: the name is not a level.

    >>> concept("L3")
    Concept(value='36470004', scheme='SCT', meaning='L3 vertebra')
    """
    meaning = "Sacrum" if name == "S1" else f"{name} vertebra"
    return Concept(SPINE[_place(name)].snomed, "SCT", meaning)


def _place(name: str) -> int:
    try:
        return _ORDER[name]
    except KeyError:
        raise ValueError(f"expected a level from T1 to S1, got {name!r}") from None
