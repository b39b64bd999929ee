"""What is known of a patient and a disc, as numbers for a network: a datum that is not known is marked so, and is no zero."""

from msk_monai.anatomy.discs import LEVELS

DATA = ("age", "sex", "canal width", "level")
"""The vector holds their values (the level as five numbers) and then, for each, 1 where it is known and 0 where not."""
SIZE = 3 + len(LEVELS) + len(DATA)
_AGE, _WIDTH = (52.0, 16.0), (13.0, 3.0)
"""What is subtracted, and what the rest is divided by."""


def patient_vector(
    *, age: float | None = None, sex: str | None = None, canal_width: float | None = None, level: str | None = None
) -> tuple[float, ...]:
    """``SIZE`` numbers, of about -2 to 2.

    Args:
        age: years.
        sex: ``M`` or ``F``; anything else counts as not known.
        canal_width: anteroposterior, mm.
        level: one of ``LEVELS``; anything else counts as not known.

    >>> patient_vector(age=68.0)
    (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    """
    return (
        0.0 if age is None else (age - _AGE[0]) / _AGE[1],
        {"M": 1.0, "F": -1.0}.get(sex or "", 0.0),
        0.0 if canal_width is None else (canal_width - _WIDTH[0]) / _WIDTH[1],
        *(float(level == one) for one in LEVELS),
        *map(float, (age is not None, sex in ("M", "F"), canal_width is not None, level in LEVELS)),
    )
