"""The concepts of measurements and units, by the names that ``results.jsonl`` gives them.

A standard code stands where it means all that a name says, together with the site and what it is at that site; else a private one, whose
value is the name without level and side. Standard codes are those of DICOM PS3.16: CID 218 (quantitative features), 7464 (derivations), 2
(topographical modifiers).
"""

import re
from dataclasses import dataclass

from msk_monai.anatomy.concepts import Concept, private
from msk_monai.anatomy.discs import LEVELS, level_key
from msk_monai.anatomy.knee import LINES
from msk_monai.anatomy.spine import SPINE
from msk_monai.anatomy.structures import side_of

ANGLE = Concept("1483009", "SCT", "Angle")
AREA = Concept("42798000", "SCT", "Area")
COBB_ANGLE = Concept("285285000", "SCT", "Cobb angle")
HEIGHT = Concept("121207", "DCM", "Height")
LENGTH = Concept("410668003", "SCT", "Length")
WIDTH = Concept("103355008", "SCT", "Width")
PROBABILITY = Concept("122157", "DCM", "Probability")

MEAN = Concept("373098007", "SCT", "Mean")
MINIMUM = Concept("255605001", "SCT", "Minimum")
STANDARD_DEVIATION = Concept("386136009", "SCT", "Standard Deviation")

ANTERIOR = Concept("255549009", "SCT", "Anterior")
MIDDLE = Concept("C25569", "NCIt", "Middle")
POSTERIOR = Concept("255551008", "SCT", "Posterior")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a measurement's name says.

    Args:
        concept: what is measured.
        site: of what: see :func:`msk_monai.anatomy.structures.structure`; ``None``: of the whole image.
        side: ``right``, ``left`` or, where the name does not say, ``None``.
        level: vertebra or disc at which it is measured, where the site is another.
        modifier: at which part of the site.
        derivation: which of several values it is.
    """

    concept: Concept
    site: str | None = None
    side: str | None = None
    level: str | None = None
    modifier: Concept | None = None
    derivation: Concept | None = None


_MEANINGS = {
    "middle_z": "Height z of the middle, in patient coordinates",
    "signed_angle": "Signed angle between the facing endplates",
    "interval": "Interval between the facing endplates",
    "interval_left": "Interval at the image's left",
    "interval_right": "Interval at the image's right",
    "interval_share": "Interval as a share of the vertebra's height",
    "disc_height_index": "Disc height index (mean height over depth)",
    "disc_bulge": "Bulge beyond the line of the posterior corners",
    "nucleus_signal_ratio": "Signal of the nucleus over that of cerebrospinal fluid",
    "herniation_probability": "Probability of disc herniation",
    "annulus": "Thickness of the annulus",
    "posterior_thickness": "Thickness of the posterior annulus",
    "nucleus_share": "Share of the nucleus in the disc's area",
    "kellgren_lawrence_grade": "Kellgren-Lawrence grade",
    "expected_kellgren_lawrence_grade": "Expected Kellgren-Lawrence grade",
    "osteoarthritis_probability": "Probability of osteoarthritis (grade 2 or more)",
    "grade": "Grade of degenerative joint disease",
    "expected_grade": "Expected grade of degenerative joint disease",
}
_KNOWN: dict[str, Measured] = {
    "angle": Measured(concept=ANGLE),
    "area": Measured(concept=AREA),
    "disc_area": Measured(concept=AREA),
    "canal_width": Measured(concept=WIDTH, site="canal"),
    "disc_height_anterior": Measured(concept=HEIGHT, modifier=ANTERIOR),
    "disc_height_middle": Measured(concept=HEIGHT, modifier=MIDDLE),
    "disc_height_posterior": Measured(concept=HEIGHT, modifier=POSTERIOR),
    "interval_mean": Measured(concept=private("interval", _MEANINGS["interval"]), derivation=MEAN),
    "interval_minimum": Measured(concept=private("interval", _MEANINGS["interval"]), derivation=MINIMUM),
    "annulus_mean": Measured(concept=private("annulus", _MEANINGS["annulus"]), derivation=MEAN),
    "annulus_minimum": Measured(concept=private("annulus", _MEANINGS["annulus"]), derivation=MINIMUM),
    "annulus_sd": Measured(concept=private("annulus", _MEANINGS["annulus"]), derivation=STANDARD_DEVIATION),
    "crop_side": Measured(concept=LENGTH),
    **{f"cobb_{which}": Measured(concept=COBB_ANGLE) for which in ("main", "proximal", "distal")},
}
_OF_KNEES = frozenset(
    {
        *LINES,
        *("joint_line_convergence_angle", "medial_lateral_joint_space_ratio", "osteoarthritis_probability"),
        *("kellgren_lawrence_grade", "expected_kellgren_lawrence_grade", "grade", "expected_grade"),
    }
)
_PREFIXES = {**{level_key(disc): disc for disc in LEVELS}, **{level.name.lower(): level.name for level in SPINE}}
_LEVEL = re.compile(rf"({'|'.join(sorted(_PREFIXES, key=len, reverse=True))})_(.+)")


def measured(name: str) -> Measured:
    """What a measurement's name says.

    >>> measured("l4_l5_disc_height_anterior").concept.meaning, measured("l4_l5_disc_height_anterior").site
    ('Height', 'L4-L5')
    >>> measured("right_kellgren_lawrence_grade").side, measured("right_kellgren_lawrence_grade").site
    ('right', 'knee')
    """
    side, rest = side_of(name)
    found = _LEVEL.fullmatch(rest)
    level, base = (_PREFIXES[found[1]], found[2]) if found else (None, rest)
    known = _KNOWN.get(base) or Measured(concept=private(base, _MEANINGS.get(base)))
    site = known.site or level or ("knee" if base in _OF_KNEES else None)
    return Measured(
        concept=known.concept,
        site=site,
        side=side,
        level=level if level != site else None,
        modifier=known.modifier,
        derivation=known.derivation,
    )


_UNITS = {
    "mm": "millimeter",
    "mm2": "square millimeter",
    "deg": "degree",
    "1": "no units",
    "{pixels}": "pixels",
    "{pixels}2": "square pixels",
    "{grade}": "grade",
    "{counts}": "counts",
}


def unit(code: str) -> Concept:
    """The concept of a unit by its UCUM code.

    >>> unit("deg")
    Concept(value='deg', scheme='UCUM', meaning='degree')
    """
    return Concept(code, "UCUM", _UNITS.get(code, code))
