"""The concepts of what label maps, landmarks and measurements are named after.

Codes are those of DICOM PS3.16: CID 7603 (vertebrae), 7604 (discs), 4031 (regions), 244 (sides), 7150 (categories).
"""

import re

from msk_monai.anatomy.concepts import Concept, private
from msk_monai.anatomy.discs import LEVELS, disc_concept
from msk_monai.anatomy.spine import SPINE, concept

ANATOMICAL_STRUCTURE = Concept("91723000", "SCT", "Anatomical Structure")
"""The category of every label that a bundle draws."""
SIDES = {"right": Concept("24028007", "SCT", "Right"), "left": Concept("7771000", "SCT", "Left")}
KNEE = Concept("72696002", "SCT", "Knee")
FEMUR = Concept("71341001", "SCT", "Femur")
TIBIA = Concept("12611008", "SCT", "Tibia")
SPINAL_CANAL = Concept("61853006", "SCT", "Spinal canal structure")

_VERTEBRAE = frozenset(level.name for level in SPINE)
_OTHERS = {
    "vertebra": Concept("51282000", "SCT", "Vertebra"),
    "disc": private("intervertebral_disc"),  # PS3.16 has a code for each disc, and none for discs at large
    "canal": SPINAL_CANAL,
    "knee": KNEE,
    "femur": FEMUR,
    "tibia": TIBIA,
}


def structure(name: str) -> Concept:
    """The concept of a level (``L3``), a disc (``L4-L5``), a class of a label map (``canal``) or a bone; a private one of any other name.

    >>> structure("L3").meaning, structure("L4-L5").meaning, structure("canal").meaning
    ('L3 vertebra', 'L4/L5 disc', 'Spinal canal structure')
    >>> structure("left hip").scheme
    '99MSKMONAI'
    """
    if name in _VERTEBRAE:
        return concept(name)
    if name in LEVELS:
        return disc_concept(name)
    return _OTHERS.get(name) or private(re.sub(r"\W+", "_", name), name)


def landmark_site(name: str) -> tuple[str, str | None]:
    """What a landmark belongs to, by its name: a structure and, where the name tells it, a side.

    >>> landmark_site("L4_top_left"), landmark_site("right_femur_2"), landmark_site("left_knee_anterior"), landmark_site("sella")
    (('L4', None), ('femur', 'right'), ('knee', 'left'), ('sella', None))
    """
    side, rest = side_of(name)
    first = rest.split("_")[0]
    return (first if first in _VERTEBRAE or first in _OTHERS else rest), side


def side_of(name: str) -> tuple[str | None, str]:
    """The side that a name begins with, ``None`` without, and the rest of the name.

    >>> side_of("right_grade"), side_of("cobb_main")
    (('right', 'grade'), (None, 'cobb_main'))
    """
    first, _, rest = name.partition("_")
    return (first, rest) if first in SIDES and rest else (None, name)
